"""Plans the journal entries of participants for a cycle, as SQL: gross lines, deferrals and cover of a shortfall."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..ledger.states import AccountKind, LineKind
from ..netting.models import POSITION_COLUMNS
from ..trades.obligation_kinds import GROSS_LINES, KINDS
from ..trades.states import PositionPart


class PlannedLine(NamedTuple):
    """``amount_minor`` from one kind of account to another: debit, credit. It is SQL over a row of positions; a line of
    zero is not posted."""

    kind: LineKind
    debit: AccountKind
    credit: AccountKind
    amount_minor: str


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


def _gross(line: LineKind) -> PlannedLine:
    side, sign, kinds, parts = GROSS_LINES[line]
    row = KINDS[kinds[0]]
    own = AccountKind.PAYABLE if row.secured and side == "debtor" else AccountKind.RECEIVABLE
    other = AccountKind.SETTLEMENT
    if row.operator_is_party:
        is_tax = line == getattr(row, side).tax_line
        other = AccountKind.TAX_PAYABLE if is_tax else AccountKind.FEE_REVENUE
    debit, credit = (own, other) if side == "debtor" else (other, own)
    return PlannedLine(line, debit, credit, f"{sign} * ({' + '.join(part.value for part in parts)})")


GROSS = tuple(map(_gross, _ORDER))

_DEFERRED = PositionPart.DEFERRED.value
_PURCHASES = (PositionPart.PURCHASES.value, PositionPart.PURCHASE_TAX.value)
_LEFT = " + ".join(part for part in POSITION_COLUMNS if part not in _PURCHASES)

PLAN = (
    *GROSS,
    PlannedLine(
        LineKind.DEFERRED, AccountKind.SETTLEMENT, AccountKind.RECEIVABLE, f"greatest({_DEFERRED}, 0)"
    ),
    PlannedLine(
        LineKind.AWAITED, AccountKind.RECEIVABLE, AccountKind.SETTLEMENT, f"greatest(-{_DEFERRED}, 0)"
    ),
    PlannedLine(LineKind.COVERED, AccountKind.PAYABLE, AccountKind.RECEIVABLE, f"greatest(-({_LEFT}), 0)"),
    PlannedLine(
        LineKind.RECOVERED,
        AccountKind.RECEIVABLE,
        AccountKind.CLAIM,
        f"least(greatest({_LEFT}, 0), claim_minor)",
    ),
)
"""The entry of one participant, gross.

Captured money pays the purchases, from ``payable``. Sales, corrections, shares and refunds are credited to
``receivable``; fees, their tax, corrections and shares are debited to it. A deferral is credited to its debtor and
debited to its creditor. The money that was set aside at netting (``shortfalls.services.shortfalls``) covers a negative
result exactly. A positive result first repays an earlier claim (``claim_minor``); the remainder is paid out.
"""

HAS_LINES = " OR ".join([*(f"{line.amount_minor} <> 0" for line in GROSS), f"{_DEFERRED} <> 0"])
"""Whether a position has an entry: without a gross line and a deferral nothing is left to be covered or repaid."""


def planned_lines(account: Callable[[AccountKind], str]) -> str:
    """SQL for the lines of a participant's entry in their order: ``number``, ``line``, ``debit``, ``credit``,
    ``amount_minor``.

    It stands in a lateral join after a row with the parts of a position and ``claim_minor``; ``account`` writes an
    account of a kind. A union, not ``VALUES``, whose expressions PostgreSQL prepares anew for every row that is joined.
    """
    lines = " UNION ALL ".join(
        f"SELECT '{line.kind.value}' AS line, {account(line.debit)} AS debit, {account(line.credit)} AS credit,"
        f" {line.amount_minor} AS amount_minor"
        for line in PLAN
    )
    return f"SELECT row_number() OVER () AS number, planned.* FROM ({lines}) planned WHERE amount_minor <> 0"  # noqa: S608  our own words
