"""What rights of use gained and lost against others, term by term and on the whole, in both languages. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from marketplace.kernel.labels import Label

from .choices import Rights
from .comparison import RELATIONS, Relation, compare
from .serialisation import rules_of
from .wording import TERMS, term_words

NO_LIMIT = Label("no limit", "制限なし")
NOT_REQUIRED = Label("not required", "義務なし")
NOT_EXCLUSIVE = Label("not exclusive", "独占でない")


def changes(before: Rights, after: Rights, zone: ZoneInfo) -> dict[str, Any]:
    """How ``after`` compares with ``before``: ``relation`` with its ``relation_label``, and ``terms``, each that
    changed with ``term``, ``label``, ``before``, ``after`` and its own relation. The price is no right."""
    whole = _compared(before, after, zone)
    return {**_said(whole), "terms": [_term(before, after, name, zone) for name in _changed(before, after)]}


def _changed(before: Rights, after: Rights) -> list[str]:
    stated, wanted = before.as_dict(), after.as_dict()
    return [name for name in TERMS if stated[name] != wanted[name]]


def _term(before: Rights, after: Rights, name: str, zone: ZoneInfo) -> dict[str, Any]:
    alone = replace(before, **{name: getattr(after, name)})
    return {
        "term": name,
        "label": TERMS[name].as_dict(),
        "before": _words(before, name).as_dict(),
        "after": _words(after, name).as_dict(),
        **_said(_compared(before, alone, zone)),
    }


def _words(rights: Rights, name: str) -> Label:
    value = rights.as_dict()[name]
    if name == "exclusive" and not value:
        return NOT_EXCLUSIVE
    return term_words(name, value) or (NOT_REQUIRED if value is False else NO_LIMIT)


def _said(relation: Relation) -> dict[str, Any]:
    return {"relation": relation.value, "relation_label": RELATIONS[relation].as_dict()}


def _compared(before: Rights, after: Rights, zone: ZoneInfo) -> Relation:
    if before.purposes != after.purposes and (before.must_be_negotiated or after.must_be_negotiated):
        # A purpose that is to be agreed may become any.
        return Relation.UNDECIDED
    return compare(rules_of(after), rules_of(before), zone)
