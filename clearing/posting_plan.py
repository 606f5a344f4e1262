"""What a cycle posts for one participant: gross lines, and what makes up for what is missing. Pure."""

from __future__ import annotations

from typing import NamedTuple

from .netting import Position
from .states import AccountKind, LineKind


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


def plan_of(position: Position, *, claim_minor: int) -> Plan:
    """The entry of one participant, gross.

    Purchases were paid for when they were secured, so they meet the released money. Sales, corrections, shares and
    refunds come in to ``receivable``; fees, their tax, corrections and shares go out of it. What a party puts off
    to the next cycle comes back in, and goes out of what its creditor gets. If that is not enough, the money that
    was set aside when the cycle was netted (``services.shortfalls``) makes up for it exactly. If something is left,
    an earlier claim (``claim_minor``) is collected first; the rest is paid out.
    """
    money = AccountKind
    gross = (
        (
            LineKind.PURCHASES,
            money.PAYABLE,
            money.SETTLEMENT,
            -position.purchases_minor - position.purchase_tax_minor,
        ),
        (LineKind.SALES, money.SETTLEMENT, money.RECEIVABLE, position.sales_minor + position.sales_tax_minor),
        (
            LineKind.CORRECTIONS_RECEIVED,
            money.SETTLEMENT,
            money.RECEIVABLE,
            position.corrections_received_minor,
        ),
        (LineKind.FEE_REFUNDS, money.FEE_REVENUE, money.RECEIVABLE, position.fee_refunds_minor),
        (LineKind.FEE_REFUND_TAX, money.TAX_PAYABLE, money.RECEIVABLE, position.fee_refund_tax_minor),
        (LineKind.FEES, money.RECEIVABLE, money.FEE_REVENUE, -position.fees_minor),
        (LineKind.FEE_TAX, money.RECEIVABLE, money.TAX_PAYABLE, -position.fee_tax_minor),
        (LineKind.CORRECTIONS_PAID, money.RECEIVABLE, money.SETTLEMENT, -position.corrections_paid_minor),
        (LineKind.SHARES_RECEIVED, money.SETTLEMENT, money.RECEIVABLE, position.shares_received_minor),
        (LineKind.SHARES_PAID, money.RECEIVABLE, money.SETTLEMENT, -position.shares_paid_minor),
        (LineKind.CARRIED, money.SETTLEMENT, money.RECEIVABLE, max(position.carried_forward_minor, 0)),
        (LineKind.AWAITED, money.RECEIVABLE, money.SETTLEMENT, max(-position.carried_forward_minor, 0)),
    )
    left = sum(amount for _, _, credit, amount in gross if credit == money.RECEIVABLE)
    left -= sum(amount for _, debit, _, amount in gross if debit == money.RECEIVABLE)
    recovered = min(max(left, 0), claim_minor)
    rest = (
        (LineKind.COVERED, money.PAYABLE, money.RECEIVABLE, max(-left, 0)),
        (LineKind.RECOVERED, money.RECEIVABLE, money.CLAIM, recovered),
    )
    lines = tuple(PlannedLine._make(line) for line in (*gross, *rest) if line[3])
    return Plan(lines=lines, payout_minor=max(left, 0) - recovered)


def plan_of_operator(position: Position) -> Plan:
    """The entry of the operator: fees that were put off are not earned yet. Its other side is with the participants."""
    awaited = PlannedLine(
        LineKind.AWAITED, AccountKind.FEE_REVENUE, AccountKind.SETTLEMENT, -position.carried_forward_minor
    )
    return Plan(lines=(awaited,) if awaited.amount_minor else (), payout_minor=0)
