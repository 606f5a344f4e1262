"""States of entitlements, inspections and downloads.

An entitlement has the transfer states of the Dataspace Protocol 2025-1. Acceptance is separate: each delivery round has
an inspection of its own, and a dispute over it suspends access without a state of its own (see ``access.refusal``).
"""

from typing import Final

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine, expand_roles

SUSPENSION_REASON_LENGTH_MAX: Final = 2_000


class EntitlementState(TextChoices):
    """The state of the buyer's right of access."""

    REQUESTED = "requested", Label("being prepared", "準備中")
    STARTED = "started", Label("open", "利用可能")
    SUSPENDED = "suspended", Label("suspended by the operator", "運営者により停止中")
    COMPLETED = "completed", Label("completed at the end of its term", "期間満了")
    TERMINATED = "terminated", Label("terminated", "中途終了")


ENTITLEMENT = StateMachine(
    name="delivery.entitlement",
    states=EntitlementState,
    initial=frozenset({EntitlementState.REQUESTED}),
    table=expand_roles(
        {
            (EntitlementState.REQUESTED, "start", ("system",)): EntitlementState.STARTED,
            (EntitlementState.REQUESTED, "terminate", ("system",)): EntitlementState.TERMINATED,
            (EntitlementState.STARTED, "suspend", ("operator",)): EntitlementState.SUSPENDED,
            (EntitlementState.SUSPENDED, "resume", ("operator",)): EntitlementState.STARTED,
            (EntitlementState.SUSPENDED, "lapse", ("system",)): EntitlementState.STARTED,
            (EntitlementState.SUSPENDED, "expire", ("system",)): EntitlementState.COMPLETED,
            (EntitlementState.STARTED, "expire", ("system",)): EntitlementState.COMPLETED,
            (EntitlementState.STARTED, "terminate", ("system",)): EntitlementState.TERMINATED,
            (EntitlementState.SUSPENDED, "terminate", ("system",)): EntitlementState.TERMINATED,
        }
    ),
)


class InspectionState(TextChoices):
    """The state of the inspection of one delivery round (検収)."""

    AWAITING = "awaiting", Label("waiting for matching receipts", "受領確認待ち")
    RUNNING = "running", Label("under inspection", "検査中")
    DISPUTED = "disputed", Label("in dispute", "異議申立て中")
    ACCEPTED = "accepted", Label("accepted", "検収済み")
    REPEATED = "repeated", Label("delivered again", "再提供")
    UNDONE = "undone", Label("cancelled", "取消し")


OPEN_INSPECTIONS = (InspectionState.AWAITING, InspectionState.RUNNING, InspectionState.DISPUTED)

INSPECTION = StateMachine(
    name="delivery.inspection",
    states=InspectionState,
    initial=frozenset({InspectionState.AWAITING}),
    table={
        (InspectionState.AWAITING, "match", "buyer"): InspectionState.RUNNING,
        (InspectionState.AWAITING, "deem", "system"): InspectionState.RUNNING,
        (InspectionState.AWAITING, "dispute", "buyer"): InspectionState.DISPUTED,
        (InspectionState.AWAITING, "undo", "system"): InspectionState.UNDONE,
        (InspectionState.RUNNING, "accept", "buyer"): InspectionState.ACCEPTED,
        (InspectionState.RUNNING, "lapse", "system"): InspectionState.ACCEPTED,
        (InspectionState.RUNNING, "dispute", "buyer"): InspectionState.DISPUTED,
        (InspectionState.RUNNING, "undo", "system"): InspectionState.UNDONE,
        (InspectionState.DISPUTED, "dismiss", "system"): InspectionState.ACCEPTED,
        (InspectionState.DISPUTED, "redeliver", "system"): InspectionState.REPEATED,
        (InspectionState.DISPUTED, "undo", "system"): InspectionState.UNDONE,
    },
)


class LossCause(TextChoices):
    """Why access was closed for no act of its buyer, so that it is given back."""

    SUSPENSION = "suspension", Label("suspended by the operator", "運営者による停止")
    DISPUTE = "dispute", Label("closed by a dispute, and delivered again", "異議による停止（再提供）")
    OUTAGE = "outage", Label("the market could not be used", "市場の停止（障害）")


class AcceptedBy(TextChoices):
    """How a delivery was accepted."""

    BUYER = "buyer", Label("the buyer accepted it", "利用者による検収")
    LAPSE = "lapse", Label("the inspection period ended", "検査期間の満了")
    DISMISSAL = "dismissal", Label("the dispute was dismissed", "異議の棄却")


class EndedReason(TextChoices):
    """Why access ended."""

    REFUNDED = "refunded", Label("the price was returned to the buyer", "返金")
    EXPIRED = "expired", Label("the term of access ended", "期間満了")
    TERMINATED = "terminated", Label("the agreement was terminated", "契約の解除")
    NOT_COLLECTED = "not_collected", Label("the buyer never downloaded it", "未受領による終了")


class DownloadState(TextChoices):
    """The state of a download."""

    SENDING = "sending", Label("being sent", "送信中")
    SENT = "sent", Label("sent to its end", "送信完了")
    ABORTED = "aborted", Label("aborted", "中断")


DOWNLOAD = StateMachine(
    name="delivery.download",
    states=DownloadState,
    initial=frozenset({DownloadState.SENDING}),
    table={
        (DownloadState.SENDING, "finish", "system"): DownloadState.SENT,
        (DownloadState.SENDING, "abort", "system"): DownloadState.ABORTED,
    },
)


class ClosedAccess(TextChoices):
    """Why a download is refused to a buyer to whom access was granted: the codes of the errors."""

    SUSPENDED = "access_suspended", Label("suspended by the operator", "運営者により停止中")
    PAUSED = "access_paused", Label("closed by a dispute", "異議により停止中")
    OVERDUE = "payment_overdue", Label("a charge was not paid", "課金の未入金")
    EXPIRED = "access_expired", Label("the term has ended", "期間満了")
    ENDED = "access_ended", Label("access was terminated", "中途終了")
    USE = "use_not_permitted", Label("a use that the rights do not permit", "許諾範囲外の利用")


REFUSALS_COUNTED_MAX = 1_000
"""So many refusals of a buyer, listing and day are counted at most."""


class AbortReason(TextChoices):
    """Why a download was aborted."""

    BROKEN_OFF = "broken_off", Label("the receiver disconnected", "受信側の切断")
    TOO_SLOW = "too_slow", Label("the receiver was too slow", "受信が遅すぎるための打切り")
    ACCESS_ENDED = "access_ended", Label("access ended during the download", "送信中にアクセス権が失効")
    DAMAGED = "damaged", Label("the stored file differs from the one sold", "保管データの不一致")
    ABANDONED = "abandoned", Label("the sending process ended", "送信処理の異常終了")
