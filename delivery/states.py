"""The lives of an entitlement, of one inspection of what it delivered, and of one download.

An entitlement's states are the transfer states of the Dataspace Protocol 2025-1. Whether the delivery was
accepted is another matter: each attempt to deliver has an inspection of its own, and a dispute over it pauses
access without a state of its own (see ``access.refusal``).
"""

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine, expand_roles


class EntitlementState(TextChoices):
    """Whether the buyer's right of access is in force."""

    REQUESTED = "requested", Label("being prepared", "準備中")
    STARTED = "started", Label("open", "利用可能")
    SUSPENDED = "suspended", Label("suspended by the operator", "運営者により停止中")
    COMPLETED = "completed", Label("run out", "期間満了")
    TERMINATED = "terminated", Label("ended before its term", "中途終了")


ENTITLEMENT = StateMachine(
    name="delivery.entitlement",
    states=EntitlementState,
    initial=frozenset({EntitlementState.REQUESTED}),
    table=expand_roles(
        {
            (EntitlementState.REQUESTED, "start", ("system",)): EntitlementState.STARTED,
            (EntitlementState.STARTED, "suspend", ("operator",)): EntitlementState.SUSPENDED,
            (EntitlementState.SUSPENDED, "resume", ("operator",)): EntitlementState.STARTED,
            (EntitlementState.STARTED, "expire", ("system",)): EntitlementState.COMPLETED,
            (EntitlementState.SUSPENDED, "expire", ("system",)): EntitlementState.COMPLETED,
            (EntitlementState.STARTED, "terminate", ("system",)): EntitlementState.TERMINATED,
            (EntitlementState.SUSPENDED, "terminate", ("system",)): EntitlementState.TERMINATED,
        }
    ),
)


class InspectionState(TextChoices):
    """Where one attempt to deliver stands between the market, the buyer and a dispute (検収)."""

    AWAITING = "awaiting", Label("waiting for matching receipts", "受領確認待ち")
    RUNNING = "running", Label("under inspection", "検収中")
    DISPUTED = "disputed", Label("in dispute", "異議申立て中")
    ACCEPTED = "accepted", Label("accepted", "検収済み")
    REPEATED = "repeated", Label("to be delivered again", "再納品")
    UNDONE = "undone", Label("undone", "取消し")


OPEN_INSPECTIONS = (InspectionState.AWAITING, InspectionState.RUNNING, InspectionState.DISPUTED)

INSPECTION = StateMachine(
    name="delivery.inspection",
    states=InspectionState,
    initial=frozenset({InspectionState.AWAITING}),
    table={
        (InspectionState.AWAITING, "match", "buyer"): InspectionState.RUNNING,
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


class AcceptedBy(TextChoices):
    """What made a delivery accepted."""

    BUYER = "buyer", Label("the buyer accepted it", "買い手が承認")
    LAPSE = "lapse", Label("the inspection period ended in silence", "検収期間の満了")
    DISMISSAL = "dismissal", Label("the dispute was dismissed", "異議の棄却")


class EndedReason(TextChoices):
    """Why access is over."""

    REFUNDED = "refunded", Label("the money went back to the buyer", "返金")
    EXPIRED = "expired", Label("the term of access ended", "期間満了")
    TERMINATED = "terminated", Label("the agreement was ended", "契約終了")
    NOT_COLLECTED = "not_collected", Label("the buyer never collected it", "未受領による終了")


class DownloadState(TextChoices):
    """Whether a file was sent to its end."""

    SENDING = "sending", Label("being sent", "送信中")
    SENT = "sent", Label("sent to the end", "送信完了")
    ABORTED = "aborted", Label("broken off", "中断")


DOWNLOAD = StateMachine(
    name="delivery.download",
    states=DownloadState,
    initial=frozenset({DownloadState.SENDING}),
    table={
        (DownloadState.SENDING, "finish", "system"): DownloadState.SENT,
        (DownloadState.SENDING, "abort", "system"): DownloadState.ABORTED,
    },
)


class AbortReason(TextChoices):
    """Why a download did not reach its end."""

    BROKEN_OFF = "broken_off", Label("the receiver went away", "受信側の切断")
    ACCESS_ENDED = "access_ended", Label("access ended while it was sent", "送信中にアクセス権が失効")
    DAMAGED = "damaged", Label("the stored file is not the one that was sold", "保管データの不一致")
    ABANDONED = "abandoned", Label("the sending process ended", "送信処理の異常終了")
