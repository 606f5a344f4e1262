"""Why a delivery waits, decided from an entitlement and its latest inspection alone. No reads, no writes.

Before the first charge of an agreement is secured there is no entitlement: what holds a trade back is for clearing to
say.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from marketplace.kernel.labels import Label
from marketplace.kernel.waiting import Waiting, WaitingReason, WaitsFor

from .states import EntitlementState, InspectionState

if TYPE_CHECKING:
    from .models import Entitlement, Inspection

IN_PREPARATION = WaitingReason(
    "delivery.in_preparation", Label("access is being prepared", "提供の準備中です"), WaitsFor.MARKET
)
PAYMENT_OVERDUE = WaitingReason(
    "delivery.payment_overdue",
    Label(
        "access is closed: a charge of the agreement is overdue",
        "契約の課金が期限までに入金されていないため、提供を停止しています",
    ),
    WaitsFor.PARTICIPANT,
    Label("The buyer pays in the money of the charge.", "利用者が課金の代金を入金してください。"),
)
SUSPENDED = WaitingReason(
    "delivery.suspended",
    Label("the operator has suspended access", "運営者が提供を停止しています"),
    WaitsFor.OPERATOR,
    Label(
        "The operator resumes access once the reason for the suspension is gone.",
        "停止の理由が解消したら、運営者が提供を再開します。",
    ),
)
IN_DISPUTE = WaitingReason(
    "delivery.in_dispute",
    Label("dispute {dispute} is open", "異議 {dispute} の判断を待っています"),
    WaitsFor.OPERATOR,
    Label("The operator decides the dispute.", "運営者が異議について判断します。"),
)
NOT_COLLECTED = WaitingReason(
    "delivery.not_collected",
    Label("the buyer has not downloaded anything yet", "利用者がまだデータを取得していません"),
    WaitsFor.PARTICIPANT,
    Label("The buyer downloads the files.", "利用者がファイルを取得してください。"),
)
RECEIPTS_MISSING = WaitingReason(
    "delivery.receipts_missing",
    Label(
        "the receipt of every file, with a matching hash, has not been reported yet",
        "全ファイルの受領報告（ハッシュの一致）がまだ揃っていません",
    ),
    WaitsFor.PARTICIPANT,
    Label(
        "The buyer downloads each file to its end and reports its hash, or opens a dispute. Ten minutes after every file was sent as a"
        " whole, receipt is deemed.",
        "利用者が各ファイルを最後まで取得してハッシュを報告するか、異議を申し立ててください。全ファイルの送信完了から10分後に受領とみなされます。",
    ),
)
INSPECTION_PERIOD = WaitingReason(
    "delivery.inspection_period",
    Label(
        "the inspection period is running; at its end the delivery counts as accepted",
        "検査期間中です。期間が満了すると検収済みとみなされます",
    ),
    WaitsFor.NOBODY,
)
EXPIRED_UNMATCHED = WaitingReason(
    "delivery.expired_unmatched",
    Label(
        "access has expired before the receipt of every file was reported",
        "全ファイルの受領報告が揃う前に利用期間が満了しました",
    ),
    WaitsFor.PARTICIPANT,
    Label(
        "The buyer reports the hash of each file that it received, or opens a dispute.",
        "利用者が受領した各ファイルのハッシュを報告するか、異議を申し立ててください。",
    ),
)


def waiting(
    entitlement: Entitlement,
    inspection: Inspection,
    *,
    now: datetime,
    is_overdue: bool,
    collected_at: datetime | None,
    collect_by: datetime,
) -> Waiting | None:
    """What holds a delivery back at ``now``; None if nothing does, or nothing more is to come of it.

    ``inspection`` is that of the latest round, ``collected_at`` when a download of that round began that sent
    anything, ``collect_by`` when access that nobody used ends (``queries.waiting_of``). Of several reasons the one is given that keeps the others from being settled: a dispute first, then a suspension,
    during both of which the term stands still, then what closes access (in the order of ``access.refusal``), then the step that the inspection has reached.
    """
    if inspection.state == InspectionState.DISPUTED:
        return IN_DISPUTE.waiting(since=inspection.disputed_at, dispute=inspection.dispute)
    if entitlement.state == EntitlementState.TERMINATED:
        return _inspected(inspection)
    if entitlement.state == EntitlementState.SUSPENDED:
        return SUSPENDED.waiting(since=entitlement.suspended_at)
    expires_at = entitlement.expires_at
    if expires_at is not None and expires_at <= now:
        if inspection.state == InspectionState.AWAITING:
            return EXPIRED_UNMATCHED.waiting(since=expires_at)
        return _inspected(inspection)
    return _closed(entitlement, is_overdue=is_overdue) or _stepped(
        entitlement, inspection, collected_at, collect_by
    )


def _closed(entitlement: Entitlement, *, is_overdue: bool) -> Waiting | None:
    """What keeps access closed for a time."""
    if is_overdue and entitlement.payment_due_by is not None:
        return PAYMENT_OVERDUE.waiting(since=entitlement.payment_due_by)
    if entitlement.state == EntitlementState.REQUESTED:
        return IN_PREPARATION.waiting(since=entitlement.granted_at)
    return None


def _stepped(
    entitlement: Entitlement,
    inspection: Inspection,
    collected_at: datetime | None,
    collect_by: datetime,
) -> Waiting | None:
    """What the step that the inspection has reached waits for."""
    if inspection.state != InspectionState.AWAITING:
        return _inspected(inspection)
    if collected_at is not None:
        return RECEIPTS_MISSING.waiting(since=collected_at)
    # Only what was never delivered ends by itself; a repeated delivery does not.
    if inspection.round > 1:
        return NOT_COLLECTED.waiting(since=inspection.opened_at)
    until = min(collect_by, entitlement.expires_at or collect_by)
    return NOT_COLLECTED.waiting(since=inspection.opened_at, until=until)


def _inspected(inspection: Inspection) -> Waiting | None:
    if inspection.state != InspectionState.RUNNING:
        return None
    return INSPECTION_PERIOD.waiting(since=inspection.matched_at, until=inspection.inspect_by)
