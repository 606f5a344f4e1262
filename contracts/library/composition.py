"""Puts clauses together: the entry of a clause in a template or among special clauses, its article number, and its text. Pure.

An entry is all of a clause as it was published, ``{"clause", "version", "heading", "text", "parameters", "requires", "excludes",
"demands", "survives"}``, with the ``values`` of its parameters; in a template with its ``number`` too. A special clause that is free text is
``{"heading", "text"}`` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from ..clauses import ARTICLE, CLAUSES_MAX, SURVIVING, fill_placeholders
from .parameters import fill_values

Entry = Mapping[str, Any]

ARTICLE_NAMES = {"ja": "第{number}条", "en": "Article {number}"}
SPECIAL_NAMES = {"ja": "特約第{number}条", "en": "Special Article {number}"}


def require_together(field: str, entries: Sequence[Entry], *, beside: Sequence[Entry] = ()) -> None:
    """Check that ``entries`` may stand in one contract with those ``beside``: each clause once, with what it requires and without what
    it excludes. Raises FieldInvalid, which names the entry as ``<field>.<number>``, and the other clause in its words.
    """
    standing = {entry["clause"]: entry for entry in beside if "clause" in entry}
    every = {**standing, **{entry["clause"]: entry for entry in entries if "clause" in entry}}
    seen = set(standing)
    for number, entry in enumerate(entries, start=1):
        if "clause" not in entry:
            continue
        name, code = f"{field}.{number}", entry["clause"]
        if code in seen:
            raise FieldInvalid(
                name, Label(f"{code} stands in the contract already", f"{code} はすでに契約に含まれています")
            )
        seen.add(code)
        for other in entry["requires"]:
            if other not in every:
                raise FieldInvalid(
                    name, Label(f"{code} requires {other}: add it", f"{code} には {other} が必要です")
                )
    for entry in every.values():
        for other in entry["excludes"]:
            if other in every:
                at = next(
                    number
                    for number, each in enumerate(entries, start=1)
                    if each.get("clause") in (entry["clause"], other)
                )
                raise FieldInvalid(
                    f"{field}.{at}",
                    Label(
                        f"{entry['clause']} and {other} exclude each other: keep one of them",
                        f"{entry['clause']} と {other} は両立しません。いずれか一方にしてください",
                    ),
                )


def demands_of(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """What the clauses demand of the terms, each with the code of its ``clause``, in order."""
    return [
        {"clause": entry["clause"], **demand}
        for entry in entries
        if "clause" in entry
        for demand in entry["demands"]
    ]


def number_clauses(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Entries with their article numbers from 1. Raises FieldInvalid where there are none, or too many."""
    if not 1 <= len(entries) <= CLAUSES_MAX:
        raise FieldInvalid(
            "clauses", Label(f"specify 1 to {CLAUSES_MAX} clauses", f"1～{CLAUSES_MAX}条を指定してください")
        )
    return [{"number": number, **entry} for number, entry in enumerate(entries, start=1)]


def article_names(articles: Sequence[Entry], special: Sequence[Entry], language: str) -> dict[str, str]:
    """The words of the places that name articles (``article:<code>``, ``surviving``) in a contract of these entries."""
    named = {
        f"{ARTICLE}{entry['clause']}": form[language].format(number=number)
        for form, entries in ((ARTICLE_NAMES, articles), (SPECIAL_NAMES, special))
        for number, entry in enumerate(entries, start=1)
        if "clause" in entry
    }
    surviving = [
        named[f"{ARTICLE}{entry['clause']}"]
        for entry in (*articles, *special)
        if entry.get("survives") and "clause" in entry
    ]
    return {**named, SURVIVING: _enumerated(surviving, language)}


def fill_clause(entry: Entry, values: Mapping[str, str], language: str) -> str:
    """The text of an entry with its places filled: ``values`` are those of terms and articles, its parameters are its own."""
    text = entry["text"][language]
    own = fill_values(text, entry.get("parameters", ()), entry.get("values", {}), language)
    return fill_placeholders(text, {**values, **own})


def _enumerated(words: Sequence[str], language: str) -> str:
    if language == "ja":
        return "、".join(words)
    return words[0] if len(words) == 1 else " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
