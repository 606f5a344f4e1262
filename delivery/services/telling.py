"""Tell both sides of a suspension of access and of its end, and ask the people on call to look at it."""

from __future__ import annotations

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
        " suspension takes is given back when access is resumed. Reason: {reason}",
        "運営者が {entitlement} の提供を停止しました。停止中は利用期間・検査期間は進行せず、再開時に停止期間の分だけ延長されます。"
        "理由: {reason}",
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
        SUSPENDED.fill(entitlement=entitlement.public_id, reason=entitlement.suspension_reason),
    )
    ask_operator(
        TaskKind.RELEASE,
        entitlement.public_id,
        deadline=clock.now() + HALT_LOOKED_AT_WITHIN,
        title=LOOK_AT_SUSPENSION,
        entitlement=entitlement.public_id,
        on_call=people_on_call(on_call_now(Duty.DISPUTES)),
    )


def tell_resumed(entitlement: Entitlement) -> None:
    """Tell both sides that access is open again; the task of the people on call is done."""
    _tell(entitlement, RESUMED.fill(entitlement=entitlement.public_id))
    finish_for_operator(TaskKind.RELEASE, entitlement.public_id)


def _tell(entitlement: Entitlement, wording: Wording) -> None:
    notices.send_notices(
        subject=entitlement.public_id,
        wordings={entitlement.buyer_id: wording, entitlement.seller_id: wording},
    )
