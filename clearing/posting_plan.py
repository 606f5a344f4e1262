"""What a cycle posts for one participant: gross lines, and where a shortfall is taken from. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .netting import Position
from .states import AccountKind, LineKind


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """``amount_minor`` (positive) from one kind of account to another: debit, credit."""

    kind: LineKind
    debit: AccountKind
    credit: AccountKind
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The lines of a participant's entry, and what remains to be paid out to it by bank."""

    lines: tuple[PlannedLine, ...]
    payout_minor: int
    carried_minor: int

    @property
    def falls_short(self) -> bool:
        """Whether the participant's own money does not meet what it owes."""
        return self.carried_minor > 0


def plan_of(position: Position, *, available_minor: int, claim_minor: int) -> Plan:
    """The entry of one participant, gross, with the ladder for a shortfall.

    Purchases were paid for when they were secured, so they meet the released money. Sales, corrections and refunds
    come in to ``receivable``; fees, their tax and corrections go out of it. If that is not enough, the rest is
    drawn from the participant's own ``available_minor``, and what is still missing becomes a claim of the market
    on it. If something is left, an earlier claim (``claim_minor``) is collected first; the rest is paid out.
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
    )
    left = sum(amount for _, _, credit, amount in gross if credit == money.RECEIVABLE)
    left -= sum(amount for _, debit, _, amount in gross if debit == money.RECEIVABLE)
    drawn = min(max(-left, 0), available_minor)
    carried = max(-left, 0) - drawn
    recovered = min(max(left, 0), claim_minor)
    ladder = (
        (LineKind.DRAWN, money.AVAILABLE, money.RECEIVABLE, drawn),
        (LineKind.CARRIED, money.CLAIM, money.RECEIVABLE, carried),
        (LineKind.RECOVERED, money.RECEIVABLE, money.CLAIM, recovered),
    )
    lines = tuple(PlannedLine(*line) for line in (*gross, *ladder) if line[3])
    return Plan(lines=lines, payout_minor=max(left, 0) - recovered, carried_minor=carried)
