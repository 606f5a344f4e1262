"""Net positions out of obligations: the arithmetic of a cycle. Pure, and the only place that does it.

The database sums the obligations of each party by kind and tax rate; what is left is a few rows a participant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import NamedTuple

from marketplace.kernel.money import BASIS_POINTS, share_of

from ..trades.obligation_kinds import KINDS, Role, Side, Taxed


class PartyTotal(NamedTuple):
    """What one party owes, or is owed, by obligations of one kind and tax rate; ``tax_minor`` is not in the amount."""

    organisation_id: int
    kind: str
    tax_rate_bp: int
    amount_minor: int
    tax_minor: int


@dataclass(slots=True)
class Position:
    """The net position of one party. Every part is signed as it adds to the net."""

    purchases_minor: int = 0
    purchase_tax_minor: int = 0
    sales_minor: int = 0
    sales_tax_minor: int = 0
    fees_minor: int = 0
    fee_tax_minor: int = 0
    fee_refunds_minor: int = 0
    fee_refund_tax_minor: int = 0
    corrections_paid_minor: int = 0
    corrections_received_minor: int = 0
    shares_paid_minor: int = 0
    shares_received_minor: int = 0
    deferred_minor: int = 0

    @property
    def parts(self) -> tuple[int, ...]:
        """The parts, in the order in which they are declared, stored and hashed."""
        return _PARTS(self)

    @property
    def unsecured_minor(self) -> int:
        """What comes to the party (positive) or is asked of it, its purchases apart: they were paid for beforehand."""
        return self.net_minor - self.purchases_minor - self.purchase_tax_minor

    @property
    def net_minor(self) -> int:
        """What the party is owed (positive) or owes (negative) over all."""
        return sum(self.parts)


_PARTS: Callable[[Position], tuple[int, ...]] = attrgetter(*(part.name for part in fields(Position)))


_AT = {part.name: index for index, part in enumerate(fields(Position))}


class _Place(NamedTuple):
    """Where totals of a kind stand in a position: the parts of the amount and of its tax, by index."""

    amount: int
    tax: int
    taxed_per_cycle: bool


def _places(side: str) -> dict[str, _Place]:
    """The places of what participants owe, or are owed; the operator has the other side of its own kinds."""
    found = {}
    for kind, row in KINDS.items():
        of_side: Side = getattr(row, side)
        if of_side.role is not Role.OPERATOR:
            found[kind] = _Place(_AT[of_side.part], _AT[of_side.tax_part], row.taxed is Taxed.PER_CYCLE)
    return found


_OWED, _DUE = _places("debtor"), _places("creditor")


def net_positions(
    *, owed: Sequence[PartyTotal], due: Sequence[PartyTotal], operator_id: int
) -> dict[int, Position]:
    """Positions by party, of the totals that each owes (by debtor) and that are due to each (by creditor).

    The tax of fees is computed here, once per rate and participant, cut off to whole units: the operator's invoice
    of a cycle to a participant is one document (Order for the Consumption Tax Act, article 70-10). The operator is
    the other side of every fee. Positions sum to zero, whatever the order of the totals. Raises ValueError where a
    party has two totals of one kind and rate, for then tax would be rounded twice.
    """
    parts: dict[int, list[int]] = defaultdict(([0] * len(_AT)).copy)
    operator = parts[operator_id]
    _add(parts, _once(owed), _OWED, sign=-1, operator=operator)
    _add(parts, _once(due), _DUE, sign=1, operator=operator)
    return {key: Position(*of_party) for key, of_party in parts.items()}


def _add(
    parts: dict[int, list[int]],
    totals: Sequence[PartyTotal],
    places: Mapping[str, _Place],
    *,
    sign: int,
    operator: list[int],
) -> None:
    """Add totals to the parts of their parties; those that are taxed per cycle to the operator's too."""
    for key, kind, tax_rate_bp, amount_minor, tax_minor in totals:
        party = parts[key]
        if kind not in places:
            continue
        amount_at, tax_at, taxed_per_cycle = places[kind]
        amount = sign * amount_minor
        if taxed_per_cycle:
            tax = sign * share_of(amount_minor, tax_rate_bp)
            operator[amount_at] -= amount
            operator[tax_at] -= tax
        else:
            tax = sign * tax_minor
        party[amount_at] += amount
        party[tax_at] += tax


def _once(totals: Sequence[PartyTotal]) -> Sequence[PartyTotal]:
    """The totals, if no two of them are of one party, kind and rate."""
    if len({total[:3] for total in totals}) != len(totals):
        raise ValueError("two totals of one party, kind and tax rate")
    return totals


@dataclass(frozen=True, slots=True)
class Summary:
    """What netting came to. ``Cycle`` says what each figure counts."""

    gross_minor: int
    net_minor: int
    payments_after: int


def summarise(positions: dict[int, Position]) -> Summary:
    """The figures of a cycle's positions."""
    nets = [position.net_minor for position in positions.values()]
    gross = sum(
        part
        for position in positions.values()
        # What is put off was owed all the same: it is in the other parts already.
        for part in position.parts[:-1]
        if part > 0
    )
    return Summary(
        gross_minor=gross,
        net_minor=sum(net for net in nets if net > 0),
        payments_after=sum(1 for net in nets if net),
    )


def value_reduced_bp(*, gross_minor: int, net_minor: int) -> int:
    """By how much netting lowers what changes hands, 1 - net / gross, in basis points, cut off; 0 of nothing."""
    return (gross_minor - net_minor) * BASIS_POINTS // gross_minor if gross_minor else 0
