"""Plans the journal entry of one participant for a cycle: gross lines, deferrals and cover of a shortfall. Pure."""

from __future__ import annotations

from typing import NamedTuple

from ..ledger.states import AccountKind, LineKind
from ..netting.positions import Position
from ..trades.obligation_kinds import GROSS_LINES, KINDS
from ..trades.states import PositionPart


class PlannedLine(NamedTuple):
    """``amount_minor`` (positive) from one kind of account to another: debit, credit."""

    kind: LineKind
    debit: AccountKind
    credit: AccountKind
    amount_minor: int


_ORDER = (
    LineKind.PURCHASES,
    LineKind.SALES,
    LineKind.CORRECTIONS_RECEIVED,
    LineKind.FEE_REFUNDS,
    LineKind.FEE_REFUND_TAX,
    LineKind.FEES,
    LineKind.FEE_TAX,
    LineKind.CORRECTIONS_PAID,
    LineKind.SHARES_RECEIVED,
    LineKind.SHARES_PAID,
)
"""The order in which the gross lines of an entry are posted."""


class _Gross(NamedTuple):
    """A gross line: the debited account, the credited account, and the parts of the position that it sums up."""

    kind: LineKind
    debit: AccountKind
    credit: AccountKind
    sign: int
    parts: tuple[int, ...]


_AT = {part: index for index, part in enumerate(PositionPart)}


def _gross(line: LineKind) -> _Gross:
    side, sign, kinds, parts = GROSS_LINES[line]
    row = KINDS[kinds[0]]
    own = AccountKind.PAYABLE if row.secured and side == "debtor" else AccountKind.RECEIVABLE
    other = AccountKind.SETTLEMENT
    if row.operator_is_party:
        is_tax = line == getattr(row, side).tax_line
        other = AccountKind.TAX_PAYABLE if is_tax else AccountKind.FEE_REVENUE
    debit, credit = (own, other) if side == "debtor" else (other, own)
    return _Gross(line, debit, credit, sign, tuple(_AT[part] for part in parts))


_GROSS = tuple(map(_gross, _ORDER))


def plan_of(position: Position, *, claim_minor: int) -> list[PlannedLine]:
    """The entry of one participant, gross.

    Captured money pays the purchases, from ``payable``. Sales, corrections, shares and refunds are credited to
    ``receivable``; fees, their tax, corrections and shares are debited to it. A deferral is credited to its debtor and
    debited to its creditor. The money that was set aside at netting (``shortfalls.services.shortfalls``) covers a
    negative result exactly. A positive result first repays an earlier claim (``claim_minor``); the remainder is paid
    out.
    """
    amounts = position.parts
    lines = []
    for line in _GROSS:
        amount_minor = line.sign * sum(amounts[index] for index in line.parts)
        if amount_minor:
            lines.append(PlannedLine(line.kind, line.debit, line.credit, amount_minor))
    lines += _deferred_lines(position.deferred_minor)
    left = position.unsecured_minor
    recovered = min(max(left, 0), claim_minor)
    if left < 0:
        lines.append(PlannedLine(LineKind.COVERED, AccountKind.PAYABLE, AccountKind.RECEIVABLE, -left))
    if recovered:
        lines.append(PlannedLine(LineKind.RECOVERED, AccountKind.RECEIVABLE, AccountKind.CLAIM, recovered))
    return lines


def _deferred_lines(deferred_minor: int) -> list[PlannedLine]:
    """The deferral as a line: credited to the party as debtor, or debited to it as creditor."""
    if deferred_minor > 0:
        kind, debit, credit = LineKind.DEFERRED, AccountKind.SETTLEMENT, AccountKind.RECEIVABLE
    elif deferred_minor < 0:
        kind, debit, credit = LineKind.AWAITED, AccountKind.RECEIVABLE, AccountKind.SETTLEMENT
    else:
        return []
    return [PlannedLine(kind, debit, credit, abs(deferred_minor))]


class PutOff(NamedTuple):
    """Fees that earlier cycles put off: what a cycle collects of them, and of those that were written off meanwhile.

    ``collected_minor`` is all that they are in the cycle, also where it puts a part off again; ``bad_minor`` is what the
    cycle really collects of written-off fees.
    """

    collected_minor: int = 0
    bad_minor: int = 0


def plan_of_operator(position: Position, put_off: PutOff) -> list[PlannedLine]:
    """The entry of the operator for fees that are put off: they stay income, and are a receivable until collected.

    The participants' entries credit revenue with every fee of the cycle, those that earlier cycles put off included; so
    these are taken from revenue again, against the receivable. What is collected of a written-off fee lessens the loss.
    """
    lines = (
        PlannedLine(
            LineKind.FEES_COLLECTED,
            AccountKind.FEE_REVENUE,
            AccountKind.FEES_RECEIVABLE,
            put_off.collected_minor,
        ),
        PlannedLine(
            LineKind.AWAITED,
            AccountKind.FEES_RECEIVABLE,
            AccountKind.SETTLEMENT,
            -position.deferred_minor,
        ),
        PlannedLine(
            LineKind.BAD_FEES_COLLECTED,
            AccountKind.FEES_RECEIVABLE,
            AccountKind.WRITE_OFF,
            put_off.bad_minor,
        ),
    )
    return [line for line in lines if line.amount_minor]
