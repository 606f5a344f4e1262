"""Net positions out of obligations: the arithmetic of a cycle. Pure, and the only place that does it.

The database sums the obligations of each party by kind and tax rate; what is left is a few rows a participant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import NamedTuple

from marketplace.kernel.money import BASIS_POINTS, share_of

from .states import CORRECTION_KINDS, ObligationKind


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
    carried_forward_minor: int = 0

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


def net_positions(
    *, owed: Iterable[PartyTotal], due: Iterable[PartyTotal], operator_id: int
) -> dict[int, Position]:
    """Positions by party, of the totals that each owes (by debtor) and that are due to each (by creditor).

    The tax of fees is computed here, once per rate and participant, cut off to whole units: the operator's invoice
    of a cycle to a participant is one document (Order for the Consumption Tax Act, article 70-10). The operator is
    the other side of every fee. Positions sum to zero, whatever the order of the totals. Raises ValueError where a
    party has two totals of one kind and rate, for then tax would be rounded twice.
    """
    positions: dict[int, Position] = {}
    operator = positions.setdefault(operator_id, Position())
    for total in _once(owed):
        party = positions.setdefault(total.organisation_id, Position())
        if total.kind == ObligationKind.PURCHASE:
            party.purchases_minor -= total.amount_minor
            party.purchase_tax_minor -= total.tax_minor
        elif total.kind == ObligationKind.FEE:
            tax_minor = share_of(total.amount_minor, total.tax_rate_bp)
            party.fees_minor -= total.amount_minor
            party.fee_tax_minor -= tax_minor
            operator.fees_minor += total.amount_minor
            operator.fee_tax_minor += tax_minor
        elif total.kind in CORRECTION_KINDS:
            party.corrections_paid_minor -= total.amount_minor + total.tax_minor
        elif total.kind == ObligationKind.SHARE:
            party.shares_paid_minor -= total.amount_minor + total.tax_minor
    for total in _once(due):
        party = positions.setdefault(total.organisation_id, Position())
        if total.kind == ObligationKind.PURCHASE:
            party.sales_minor += total.amount_minor
            party.sales_tax_minor += total.tax_minor
        elif total.kind == ObligationKind.FEE_REFUND:
            tax_minor = share_of(total.amount_minor, total.tax_rate_bp)
            party.fee_refunds_minor += total.amount_minor
            party.fee_refund_tax_minor += tax_minor
            operator.fee_refunds_minor -= total.amount_minor
            operator.fee_refund_tax_minor -= tax_minor
        elif total.kind in CORRECTION_KINDS:
            party.corrections_received_minor += total.amount_minor + total.tax_minor
        elif total.kind == ObligationKind.SHARE:
            party.shares_received_minor += total.amount_minor + total.tax_minor
    return positions


def _once(totals: Iterable[PartyTotal]) -> Iterable[PartyTotal]:
    seen: set[tuple[int, str, int]] = set()
    for total in totals:
        key = (total.organisation_id, str(total.kind), total.tax_rate_bp)
        if key in seen:
            raise ValueError(f"two totals of {key}")
        seen.add(key)
        yield total


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
