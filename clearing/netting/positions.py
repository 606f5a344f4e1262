"""Computes net positions from obligations. Pure; nothing else computes them.

The database sums the obligations of each party by kind and tax rate, so the input is a few rows per participant.
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
    """The obligations of one kind and tax rate that a party owes or is owed, summed; amounts exclude tax."""

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
        """The parts, in the order of declaration, storage and hashing."""
        return _PARTS(self)

    @property
    def unsecured_minor(self) -> int:
        """The net without purchases, which were paid beforehand: positive if the party receives it."""
        return self.net_minor - self.purchases_minor - self.purchase_tax_minor

    @property
    def net_minor(self) -> int:
        """The sum of all parts: positive if the party is owed it, negative if it owes it."""
        return sum(self.parts)


_PARTS: Callable[[Position], tuple[int, ...]] = attrgetter(*(part.name for part in fields(Position)))


_AT = {part.name: index for index, part in enumerate(fields(Position))}


class _Place(NamedTuple):
    """Indexes of the parts of a position to which totals of a kind are added: of the amount and of its tax.

    ``of_operator``: the operator is the opposite party.
    """

    amount: int
    tax: int
    taxed_per_cycle: bool
    of_operator: bool


def _places(side: str) -> dict[str, _Place]:
    """The places of totals that participants owe, or are owed; the operator has the opposite side."""
    found = {}
    for kind, row in KINDS.items():
        of_side: Side = getattr(row, side)
        if of_side.role is not Role.OPERATOR:
            found[kind] = _Place(
                _AT[of_side.part],
                _AT[of_side.tax_part],
                row.taxed is Taxed.PER_CYCLE,
                row.operator_is_party,
            )
    return found


_OWED, _DUE = _places("debtor"), _places("creditor")


def net_positions(
    *, owed: Sequence[PartyTotal], due: Sequence[PartyTotal], operator_id: int
) -> dict[int, Position]:
    """Positions by party, from the totals that each party owes (by debtor) and is owed (by creditor).

    The tax of fees is computed here, once per rate and participant, rounded down to whole units: the operator's invoice of
    a cycle to a participant is one document (Order for the Consumption Tax Act, article 70-10). That of refunded fees is
    stated with each refund (``trades.fee_refund_tax``). The operator is the
    opposite party of every fee. Positions sum to zero in any order of the totals. Raises ValueError if a party has two
    totals of one kind and rate, because tax would be rounded twice.
    """
    parts: dict[int, list[int]] = defaultdict(([0] * len(_AT)).copy)
    operator = parts[operator_id]
    _add(parts, _require_distinct(owed), _OWED, sign=-1, operator=operator)
    _add(parts, _require_distinct(due), _DUE, sign=1, operator=operator)
    return {key: Position(*of_party) for key, of_party in parts.items()}


def _add(
    parts: dict[int, list[int]],
    totals: Sequence[PartyTotal],
    places: Mapping[str, _Place],
    *,
    sign: int,
    operator: list[int],
) -> None:
    """Add totals to the parts of their parties, and to the operator's where it is the opposite party."""
    for key, kind, tax_rate_bp, amount_minor, tax_minor in totals:
        party = parts[key]
        if kind not in places:
            continue
        amount_at, tax_at, taxed_per_cycle, of_operator = places[kind]
        amount = sign * amount_minor
        tax = sign * (share_of(amount_minor, tax_rate_bp) if taxed_per_cycle else tax_minor)
        if of_operator:
            operator[amount_at] -= amount
            operator[tax_at] -= tax
        party[amount_at] += amount
        party[tax_at] += tax


def _require_distinct(totals: Sequence[PartyTotal]) -> Sequence[PartyTotal]:
    """The totals unchanged; raises ValueError if two of them have the same party, kind and rate."""
    if len({total[:3] for total in totals}) != len(totals):
        raise ValueError("two totals of one party, kind and tax rate")
    return totals


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a netted cycle; ``Cycle`` defines them."""

    gross_minor: int
    net_minor: int
    payments_after: int


def summarise(positions: dict[int, Position]) -> Summary:
    """The figures of a cycle's positions."""
    nets = [position.net_minor for position in positions.values()]
    gross = sum(
        part
        for position in positions.values()
        # The other parts already contain the deferral, which was owed too.
        for part in position.parts[:-1]
        if part > 0
    )
    return Summary(
        gross_minor=gross,
        net_minor=sum(net for net in nets if net > 0),
        payments_after=sum(1 for net in nets if net),
    )


def value_reduced_bp(*, gross_minor: int, net_minor: int) -> int:
    """The reduction of value by netting, 1 - net / gross, in basis points, rounded down; 0 if gross is 0."""
    return (gross_minor - net_minor) * BASIS_POINTS // gross_minor if gross_minor else 0
