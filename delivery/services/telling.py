"""Tell both sides of a suspension of access and of its end, and ask the people on call to look at it."""

from __future__ import annotations

from contracts.plan import SUSPENSION_DAYS_MAX
from delivery.models import Entitlement
from marketplace.cases.on_call import HALT_LOOKED_AT_WITHIN, Duty
from marketplace.cases.on_call_queries import on_call_now
from marketplace.cases.texts import people_on_call
from marketplace.kernel import clock
from marketplace.kernel.labels import Label
from marketplace.notices import services as notices
from marketplace.notices.operator_tasks import ask_operator, finish_for_operator
from marketplace.notices.states import TaskKind
from marketplace.notices.texts import Wording

SUSPENDED = Wording(
    Label("Access is suspended: {entitlement}", "データの提供が停止されました: {entitlement}"),
    Label(
        "The operator has suspended access under {entitlement}. Its term and the inspection period stand still, and what the"
        " suspension takes is given back when access is resumed, after {days} days by itself. Reason: {reason}",
        "運営者が {entitlement} の提供を停止しました。停止中は利用期間・検査期間は進行せず、再開時（遅くとも{days}日後）に停止期間の分だけ延長されます。"
        "理由: {reason}",
    ),
)
STOPPED = Wording(
    Label("The use is stopped: {entitlement}", "データの利用が停止されました: {entitlement}"),
    Label(
        "A dispute was decided so that the use under {entitlement} stops. Its term, the inspection period and the time to collect go on."
        " Reason: {reason}",
        "異議の結果により {entitlement} の利用が停止されました。利用期間・検査期間・受領の期間は進行します。理由: {reason}",
    ),
)
LAPSED = Wording(
    Label("Access is open again: {entitlement}", "データの提供が再開されました: {entitlement}"),
    Label(
        "The suspension of {entitlement} has lasted as long as it may, and ended by itself. What it took is given back.",
        "{entitlement} の停止は上限の日数に達したため終了しました。停止期間の分だけ延長されます。",
    ),
)
RESUMED = Wording(
    Label("Access is open again: {entitlement}", "データの提供が再開されました: {entitlement}"),
    Label(
        "The operator has resumed access under {entitlement}.",
        "運営者が {entitlement} の提供を再開しました。",
    ),
)
LOOK_AT_SUSPENSION = Label(
    "Look at the suspended access {entitlement}: resume it, or leave it for a stated reason. On call: {on_call}",
    "停止中の提供 {entitlement} を確認し、再開または継続を判断してください。当番: {on_call}",
)


def tell_suspended(entitlement: Entitlement) -> None:
    """Tell both sides that access is suspended, and ask the people on call to look at it in time."""
    _tell(
        entitlement,
        SUSPENDED.fill(
            entitlement=entitlement.public_id,
            reason=entitlement.suspension_reason,
            days=str(SUSPENSION_DAYS_MAX),
        ),
    )
    ask_operator(
        TaskKind.RELEASE,
        entitlement.public_id,
        deadline=clock.now() + HALT_LOOKED_AT_WITHIN,
        title=LOOK_AT_SUSPENSION,
        entitlement=entitlement.public_id,
        on_call=people_on_call(on_call_now(Duty.DISPUTES)),
    )


def tell_stopped(entitlement: Entitlement) -> None:
    """Tell both sides that the use is stopped; what was to be looked at before is decided."""
    _tell(entitlement, STOPPED.fill(entitlement=entitlement.public_id, reason=entitlement.suspension_reason))
    ask_operator(
        TaskKind.RELEASE,
        entitlement.public_id,
        deadline=clock.now() + HALT_LOOKED_AT_WITHIN,
        title=LOOK_AT_SUSPENSION,
        entitlement=entitlement.public_id,
        on_call=people_on_call(on_call_now(Duty.DISPUTES)),
    )


def tell_lapsed(entitlement: Entitlement) -> None:
    """Tell both sides that a suspension has ended by itself; the task of the people on call is over."""
    _tell(entitlement, LAPSED.fill(entitlement=entitlement.public_id))
    finish_for_operator(TaskKind.RELEASE, entitlement.public_id)


def tell_resumed(entitlement: Entitlement) -> None:
    """Tell both sides that access is open again; the task of the people on call is done."""
    _tell(entitlement, RESUMED.fill(entitlement=entitlement.public_id))
    finish_for_operator(TaskKind.RELEASE, entitlement.public_id)


def _tell(entitlement: Entitlement, wording: Wording) -> None:
    notices.send_notices(
        subject=entitlement.public_id,
        wordings={entitlement.buyer_id: wording, entitlement.seller_id: wording},
    )
