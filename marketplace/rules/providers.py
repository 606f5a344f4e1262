"""Fact providers, which load the facts that rules read. Applications register theirs at start-up.

Public: an application declares ``FactProvider(...)`` in its ``facts.py``, which is imported at start-up.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from marketplace.kernel.bounds import INTEGER_MAX

logger = logging.getLogger(__name__)

PROVIDERS: dict[str, FactProvider] = {}

NULLABLE = "?"
TEXT_LENGTH_MAX = 2_000
LIST_LENGTH_MAX = 1_000
"""A text or list that is longer counts as unknown, so a rule that reads it leads to a hold: its cost is bounded."""
PARTY_FACTS = ("organisation", "seller", "buyer")
"""Facts with these names are public identifiers of organisations: the parties, which may read the decision."""

RESERVED = frozenset(
    {
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "known",
        "let",
    }
    | {"loop", "namespace", "null", "package", "return", "true", "var", "void", "while"}
)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def _is_integer(value: Any) -> bool:
    return type(value) is int and -INTEGER_MAX <= value <= INTEGER_MAX


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= TEXT_LENGTH_MAX and "\x00" not in value


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) <= LIST_LENGTH_MAX


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "bool": lambda value: type(value) is bool,
    "int": _is_integer,
    "string": _is_text,
    "timestamp": lambda value: isinstance(value, datetime) and value.tzinfo is not None,
    "list(int)": lambda value: _is_list(value) and all(map(_is_integer, value)),
    "list(string)": lambda value: _is_list(value) and all(map(_is_text, value)),
}
TYPES = tuple(_CHECKS)


@dataclass(frozen=True)
class FactProvider:
    """The facts that one application provides about a subject.

    ``name`` is the namespace in rules, ``types`` the type of each fact: ``bool``, ``int``, ``string``,
    ``timestamp``, ``list(int)`` or ``list(string)``. A trailing ``?`` means that the fact may be null; rules then test
    ``name.fact.known`` first. A rule that reads a null leads to a hold. ``load`` takes the subject's public identifier
    and returns the facts by name; it raises Missing for an unknown subject. ``load_many``, if there is one, loads
    the same facts of many subjects by identifier, without those that are unknown. Facts are booleans, codes, counts and
    public identifiers, never personal data. ``withheld`` are facts about the money or the qualifications of a party, each with the
    qualified fact that names the party: of the organisations only that one reads it, and a neutrality bundle shows of a number on which
    side of a rule's limit it is.
    """

    name: str
    types: Mapping[str, str]
    load: Callable[[str], Mapping[str, Any]]
    load_many: Callable[[Sequence[str]], Mapping[str, Mapping[str, Any]]] | None = None
    withheld: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Register the provider; raises ValueError for a bad name or type, or a name that is taken."""
        for name in (self.name, *self.types):
            if not _NAME.fullmatch(name) or name in RESERVED:
                raise ValueError(f"{self.name}: {name} cannot be the name of a fact")
        unknown = sorted(kind for kind in self.types.values() if kind.removesuffix(NULLABLE) not in TYPES)
        if unknown:
            raise ValueError(f"{self.name}: unknown types {unknown}; there are {TYPES}")
        if not set(self.withheld) <= set(self.types):
            raise ValueError(f"{self.name}: withheld facts must be among its facts")
        if self.name in PROVIDERS:
            raise ValueError(f"the fact provider {self.name} is declared twice")
        PROVIDERS[self.name] = self


def qualify_types(namespace: str, types: Mapping[str, str]) -> dict[str, str]:
    """Types by the qualified names of the facts: ``applicant.kind``."""
    return {f"{namespace}.{name}": kind for name, kind in types.items()}


def recordable_facts(values: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, Any]:
    """``values`` by qualified name as the JSON that a decision stores: exactly the facts of ``types``.

    A fact that is missing, too long, or not of its declared type, is null, so a rule that reads it leads to a hold. Instants
    become ISO 8601 in UTC.
    """
    facts: dict[str, Any] = {}
    for name, kind in types.items():
        value = values.get(name)
        if value is not None and not _CHECKS[kind.removesuffix(NULLABLE)](value):
            logger.error("the fact %s is %s, declared as %s: it counts as not known", name, type(value), kind)
            value = None
        if isinstance(value, datetime):
            value = value.astimezone(UTC).isoformat()
        facts[name] = list(value) if isinstance(value, tuple) else value
    return facts
