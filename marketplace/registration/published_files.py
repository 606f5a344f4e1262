"""Reads the files that applications are compared with: the registry's CSV, and sanctions lists. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from .names import normal_name
from .states import ListedKind

# Resource definition of the published CSV (法人番号公表サイト「基本３情報ダウンロード」), by position from 0.
_COLUMNS = 30
_NUMBER, _PROCESS, _UPDATED, _NAME, _CLOSED, _LATEST = 1, 2, 4, 6, 18, 23
_ADDRESS = (9, 10, 11, 16)
_REMOVED = "99"
_NUMBER_PATTERN = re.compile("[0-9]{13}")
_YEAR = re.compile("[0-9]{4}")
LIST_COLUMNS = ("reference", "kind", "names", "born_on")


class FileUnreadable(Exception):
    """A line of a file is not as published. The message names the line and what is wrong."""


@dataclass(frozen=True, slots=True)
class PublishedEntry:
    """What the registry publishes of a corporate number."""

    corporate_number: str
    name: str
    address: str
    published_on: date
    closed_on: date | None


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """A name on a sanctions list in normal form; ``born_on`` is the first of January where only the year is known."""

    reference: str
    kind: str
    normal: str
    born_on: date | None


def read_registry(lines: Iterable[str]) -> Iterator[PublishedEntry]:
    """The newest entries in a file of the registry, which may be the whole or the changes of a day; raises FileUnreadable.

    An entry that the registry removed counts as closed on the day of its removal.
    """
    for number, row in enumerate(csv.reader(lines), start=1):
        if len(row) != _COLUMNS or not _NUMBER_PATTERN.fullmatch(row[_NUMBER]):
            raise FileUnreadable(
                f"line {number}: not {_COLUMNS} columns with a corporate number in the second"
            )
        if row[_LATEST] != "1":
            continue
        updated = _day(row[_UPDATED], number)
        closed = _day(row[_CLOSED], number) if row[_CLOSED] else None
        yield PublishedEntry(
            corporate_number=row[_NUMBER],
            name=row[_NAME],
            address="".join(row[at] for at in _ADDRESS),
            published_on=updated,
            closed_on=updated if row[_PROCESS] == _REMOVED and closed is None else closed,
        )


def read_sanctions(lines: Iterable[str]) -> list[ListedEntry]:
    """The names of a list in the market's CSV, with the header ``reference,kind,names,born_on``; raises FileUnreadable.

    ``kind`` is ``person`` or ``organisation``, ``names`` are separated by semicolons, ``born_on`` is a day, a year or empty.
    """
    reader = csv.DictReader(lines)
    if tuple(reader.fieldnames or ()) != LIST_COLUMNS:
        raise FileUnreadable(f"line 1: not the header {','.join(LIST_COLUMNS)}")
    found: dict[tuple[str, str], ListedEntry] = {}
    for number, row in enumerate(reader, start=2):
        names = [name for name in (row["names"] or "").split(";") if name.strip()]
        if not row["reference"] or row["kind"] not in ListedKind.values or not names or None in row:
            raise FileUnreadable(f"line {number}: it needs a reference, a kind and names")
        born = (row["born_on"] or "").strip()
        born_on = _day(f"{born}-01-01" if _YEAR.fullmatch(born) else born, number) if born else None
        for name in names:
            entry = ListedEntry(row["reference"], row["kind"], normal_name(name), born_on)
            found[entry.reference, entry.normal] = entry
    return list(found.values())


def _day(text: str, number: int) -> date:
    """The day in ISO 8601; raises FileUnreadable with the line's ``number``."""
    try:
        return date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise FileUnreadable(f"line {number}: {text!r} is no day") from None
