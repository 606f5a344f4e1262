"""Files of the registry and of sanctions lists are read as they are published, and refused by line."""

from __future__ import annotations

from datetime import date

import pytest

from marketplace.registration.names import normal_name
from marketplace.registration.published_files import (
    FileUnreadable,
    ListedEntry,
    PublishedEntry,
    read_registry,
    read_sanctions,
)


def line(**changes: str) -> str:
    """A line of the registry's CSV, by the names of its columns."""
    columns = {
        "sequence": "1", "number": "5835678256246", "process": "01", "correct": "0", "updated": "2025-04-01",
        "changed": "2025-04-01", "name": "讃岐データ株式会社", "image": "", "kind": "301", "prefecture": "香川県",
        "city": "高松市", "street": "番町１丁目８番１５号", "image2": "", "pc": "37", "cc": "201", "post": "7600017",
        "outside": "", "image3": "", "closed": "", "cause": "", "successor": "", "change_cause": "",
        "assigned": "2015-10-05", "latest": "1", "en": "", "en_pref": "", "en_city": "", "en_out": "", "kana": "",
        "hidden": "0",
    } | changes  # fmt: skip
    return ",".join(f'"{value}"' for value in columns.values())


ENTRY = PublishedEntry(
    "5835678256246", "讃岐データ株式会社", "香川県高松市番町１丁目８番１５号", date(2025, 4, 1), None
)


def test_the_registry_is_read_as_it_is_published():
    assert list(read_registry([line(), line(latest="0", name="旧商号")])) == [ENTRY]


@pytest.mark.parametrize(
    ("changes", "closed_on"),
    [({"closed": "2025-03-01"}, date(2025, 3, 1)), ({"process": "99"}, date(2025, 4, 1))],
)
def test_an_entry_that_ended_is_closed(changes, closed_on):
    assert [entry.closed_on for entry in read_registry([line(**changes)])] == [closed_on]


@pytest.mark.parametrize(
    "broken", ["a,b", line(number="58356782562４6"), line(updated="2025-13-01"), line() + ',"x"']
)
def test_a_line_that_is_not_as_published_is_named(broken):
    with pytest.raises(FileUnreadable, match="line 2"):
        list(read_registry([line(), broken]))


def test_a_list_is_read_by_names_and_years():
    rows = [
        "reference,kind,names,born_on",
        "S-1,person,Ivan Petrov; Ivan Petroff,1960",
        "S-2,organisation,㈱悪,",
    ]
    assert read_sanctions(rows) == [
        ListedEntry("S-1", "person", "ivan petrov", date(1960, 1, 1)),
        ListedEntry("S-1", "person", "ivan petroff", date(1960, 1, 1)),
        ListedEntry("S-2", "organisation", normal_name("悪"), None),
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["name", "x"], "line 1"),
        (["reference,kind,names,born_on", "S-1,ship,X,"], "line 2"),
        (["reference,kind,names,born_on", "S-1,person,;,"], "line 2"),
        (["reference,kind,names,born_on", "S-1,person,X,19"], "line 2: '19' is no day"),
    ],
)
def test_a_broken_list_is_refused_by_line(rows, said):
    with pytest.raises(FileUnreadable, match=said):
        read_sanctions(rows)
