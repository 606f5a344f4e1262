"""What a cycle posts for one participant: gross lines, and what makes up for what is missing. Pure."""

from __future__ import annotations

from typing import NamedTuple

from ..ledger.states import AccountKind, LineKind
from ..netting.positions import Position


class PlannedLine(NamedTuple):
    """``amount_minor`` (positive) from one kind of account to another: debit, credit."""

    kind: LineKind
    debit: AccountKind
    credit: AccountKind
    amount_minor: int


class Plan(NamedTuple):
    """The lines of a participant's entry, and what remains to be paid out to it by bank."""

    lines: tuple[PlannedLine, ...]
    payout_minor: int


_GROSS = (
    (LineKind.PURCHASES, AccountKind.PAYABLE, AccountKind.SETTLEMENT),
    (LineKind.SALES, AccountKind.SETTLEMENT, AccountKind.RECEIVABLE),
    (LineKind.CORRECTIONS_RECEIVED, AccountKind.SETTLEMENT, AccountKind.RECEIVABLE),
    (LineKind.FEE_REFUNDS, AccountKind.FEE_REVENUE, AccountKind.RECEIVABLE),
    (LineKind.FEE_REFUND_TAX, AccountKind.TAX_PAYABLE, AccountKind.RECEIVABLE),
    (LineKind.FEES, AccountKind.RECEIVABLE, AccountKind.FEE_REVENUE),
    (LineKind.FEE_TAX, AccountKind.RECEIVABLE, AccountKind.TAX_PAYABLE),
    (LineKind.CORRECTIONS_PAID, AccountKind.RECEIVABLE, AccountKind.SETTLEMENT),
    (LineKind.SHARES_RECEIVED, AccountKind.SETTLEMENT, AccountKind.RECEIVABLE),
    (LineKind.SHARES_PAID, AccountKind.RECEIVABLE, AccountKind.SETTLEMENT),
    (LineKind.DEFERRED, AccountKind.SETTLEMENT, AccountKind.RECEIVABLE),
    (LineKind.AWAITED, AccountKind.RECEIVABLE, AccountKind.SETTLEMENT),
)
"""The gross lines of an entry: what each is, the account debited and the account credited."""


def plan_of(position: Position, *, claim_minor: int) -> Plan:
    """The entry of one participant, gross.

    Purchases were paid for when they were secured, so they meet the released money. Sales, corrections, shares and
    refunds come in to ``receivable``; fees, their tax, corrections and shares go out of it. What a party puts off
    to the next cycle comes back in, and goes out of what its creditor gets. If that is not enough, the money that
    was set aside when the cycle was netted (``shortfalls.services.shortfalls``) makes up for it exactly. If something is left,
    an earlier claim (``claim_minor``) is collected first; the rest is paid out.
    """
    deferred_minor = position.deferred_minor
    amounts = (
        -position.purchases_minor - position.purchase_tax_minor,
        position.sales_minor + position.sales_tax_minor,
        position.corrections_received_minor,
        position.fee_refunds_minor,
        position.fee_refund_tax_minor,
        -position.fees_minor,
        -position.fee_tax_minor,
        -position.corrections_paid_minor,
        position.shares_received_minor,
        -position.shares_paid_minor,
        max(deferred_minor, 0),
        max(-deferred_minor, 0),
    )
    lines = [
        PlannedLine(*accounts, amount) for accounts, amount in zip(_GROSS, amounts, strict=True) if amount
    ]
    left = position.unsecured_minor
    recovered = min(max(left, 0), claim_minor)
    if left < 0:
        lines.append(PlannedLine(LineKind.COVERED, AccountKind.PAYABLE, AccountKind.RECEIVABLE, -left))
    if recovered:
        lines.append(PlannedLine(LineKind.RECOVERED, AccountKind.RECEIVABLE, AccountKind.CLAIM, recovered))
    return Plan(lines=tuple(lines), payout_minor=max(left, 0) - recovered)


def plan_of_operator(position: Position) -> Plan:
    """The entry of the operator: fees that were put off are not earned yet. Its other side is with the participants."""
    awaited = PlannedLine(
        LineKind.AWAITED, AccountKind.FEE_REVENUE, AccountKind.SETTLEMENT, -position.deferred_minor
    )
    return Plan(lines=(awaited,) if awaited.amount_minor else (), payout_minor=0)
