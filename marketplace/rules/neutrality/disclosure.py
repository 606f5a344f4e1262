"""What of recorded facts a public bundle shows, so that the published rules decide the same on it. Pure.

Shown are the facts that the rules of the point read. A text is shown if a rule names it; any other is a pseudonym, which no
rule can tell apart. A number stands for all between the same two numbers of the rules, an instant for its day. A withheld
fact, which is about the money of a party, stands for all on the same side of the limits that the rules set for it. Every
other fact is a salted commitment.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any

from marketplace.kernel import clock

from .sealing import IDENTIFIER, Seal
from .suppression import PARTIES_MIN

MARKET = "market."
"""Texts of this namespace are about no party: they are shown as they are."""


@dataclass(frozen=True, slots=True)
class Named:
    """What the rules of a point name: texts, and numbers in ascending order.

    ``limits`` are the numbers for each withheld fact: those of the conditions that read it, and of no other.
    """

    texts: Collection[str]
    numbers: Sequence[int]
    limits: Mapping[str, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """``facts`` as shown, ``committed`` the commitments to the others, ``looks`` what an outsider can tell rows apart by."""

    facts: dict[str, Any]
    committed: dict[str, str]
    looks: Hashable


def disclose(
    facts: Mapping[str, Any],
    *,
    types: Mapping[str, str],
    reads: Collection[str],
    named: Named,
    seal: Seal,
    item: str,
    exact: Collection[str] = (),
) -> Disclosure:
    """The disclosure of the facts of the row ``item``; ``exact``: numbers that are shown as they are."""
    shown: dict[str, Any] = {}
    committed: dict[str, str] = {}
    teller = _Teller(named, seal, item)
    for name, value in sorted(facts.items()):
        if name not in reads:
            committed[name] = seal.commit(value, item, name)
        elif name in exact or (
            name.startswith(MARKET) and isinstance(value, str) and "string" in types[name]
        ):
            shown[name] = value
        else:
            shown[name] = teller.tell(value, types[name], named.limits.get(name, named.numbers))
    looks = tuple((name, teller.look(value)) for name, value in shown.items())
    return Disclosure(shown, committed, looks)


@dataclass(slots=True)
class _Teller:
    """Tells the facts of one row, and remembers its pseudonyms in the order in which they appear."""

    named: Named
    seal: Seal
    item: str
    pseudonyms: dict[str, int] = field(default_factory=dict)

    def tell(self, value: Any, kind: str, numbers: Sequence[int]) -> Any:
        """A fact as it is shown; ``numbers`` are those between which a number is told."""
        if isinstance(value, list):
            return [self.tell(each, kind, numbers) for each in value]
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int):
            return standing_for(value, numbers)
        if kind.startswith("timestamp"):
            return start_of_day(value)
        if value in self.named.texts:
            return value
        token = self.seal.token(value, self.item)
        self.pseudonyms.setdefault(token, len(self.pseudonyms))
        return token

    def look(self, shown: Any) -> Hashable:
        """What a shown fact looks like: of a pseudonym only which facts of the row have the same."""
        if isinstance(shown, list):
            return tuple(self.look(each) for each in shown)
        return ("pseudonym", self.pseudonyms[shown]) if shown in self.pseudonyms else shown


def standing_for(value: int, numbers: Sequence[int]) -> int:
    """The number that is shown for ``value`` and all between the same two of ``numbers``, which are in ascending order."""
    at = bisect_left(numbers, value)
    if value in numbers[at : at + 1]:
        return value
    if at:
        return numbers[at - 1] + 1
    return numbers[0] - 1 if numbers else 0


def start_of_day(moment: str) -> str:
    """The start of the day of an instant in the market's time zone."""
    day = clock.business_date(datetime.fromisoformat(moment))
    return datetime.combine(day, time.min, tzinfo=clock.market_zone()).astimezone(UTC).isoformat()


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
    """Counts the parties behind rows that are shown and look alike, by the roles in which they take part."""

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
