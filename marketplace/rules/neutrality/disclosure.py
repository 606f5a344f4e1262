"""What of recorded facts a public bundle shows, so that the published rules decide the same on it. Pure.

Shown are the facts that the rules of the point read. A text is shown if a rule names it; any other is a pseudonym, which no
rule can tell apart. Every other fact is a salted commitment.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .sealing import IDENTIFIER, Seal
from .suppression import PARTIES_MIN

MARKET = "market."
"""Facts of this namespace are about no party: they are shown as they are."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """``facts`` as shown, ``committed`` the commitments to the others, ``texts`` what of them could describe somebody."""

    facts: dict[str, Any]
    committed: dict[str, str]
    texts: tuple[Any, ...]


def disclose(
    facts: Mapping[str, Any],
    *,
    types: Mapping[str, str],
    reads: Collection[str],
    named: Collection[str],
    seal: Seal,
    item: str,
) -> Disclosure:
    """The disclosure of the facts of the row ``item``; ``named``: the texts that the rules of the point name."""
    shown: dict[str, Any] = {}
    committed: dict[str, str] = {}
    texts: list[Any] = []
    for name, value in sorted(facts.items()):
        if name not in reads:
            committed[name] = seal.commit(value, item, name)
        elif value is None or name.startswith(MARKET) or "string" not in types[name]:
            shown[name] = value
        elif isinstance(value, list):
            shown[name] = [_word(text, named, seal, item) for text in value]
            texts.append((name, tuple(sorted(set(value) & set(named)))))
        else:
            shown[name] = _word(value, named, seal, item)
            texts.append((name, value if value in named else None))
    return Disclosure(shown, committed, tuple(texts))


def _word(text: str, named: Collection[str], seal: Seal, item: str) -> str:
    return text if text in named else seal.token(text, item)


def identifiers_in(facts: Mapping[str, Any]) -> set[str]:
    """The identifiers among the values of facts."""
    texts = (text for value in facts.values() for text in (value if isinstance(value, list) else [value]))
    return {text for text in texts if isinstance(text, str) and IDENTIFIER.fullmatch(text)}


def rename(facts: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The facts with every text that is a key of ``names`` replaced by its value."""
    return {name: _renamed(value, names) for name, value in facts.items()}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


class Groups:
    """Counts the parties behind rows that look alike, by the roles in which they take part."""

    def __init__(self) -> None:
        """No rows yet."""
        self._parties: dict[Any, dict[str, set[str]]] = {}

    def add(self, group: Any, parties: Mapping[str, str]) -> None:
        """Count one row of a group; ``parties`` are the organisations by their roles."""
        roles = self._parties.setdefault(group, {})
        for role, party in parties.items():
            roles.setdefault(role, set()).add(party)

    def is_large(self, group: Any) -> bool:
        """Whether in every role there are at least ``PARTIES_MIN`` parties behind the rows of a group."""
        roles = self._parties.get(group) or {}
        return bool(roles) and all(len(parties) >= PARTIES_MIN for parties in roles.values())
