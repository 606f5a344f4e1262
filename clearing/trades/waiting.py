"""Why a trade waits, decided from the trade and its cycle alone. No reads, no writes.

Once its cycle is posted the trade is cleared; after that only the payment waits.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from listings.states import PERIODIC
from marketplace.kernel.labels import Label
from marketplace.kernel.waiting import Waiting, WaitingReason, WaitsFor

from ..cycles.states import WORKING_STATES, CycleState
from ..cycles.waiting import waiting_of_pause
from .states import TradeState

if TYPE_CHECKING:
    from ..cycles.models import Cycle
    from .guaranteed_models import GuaranteedPart
    from .models import Trade

WAITS_FOR_MONEY = WaitingReason(
    "trade.waits_for_money",
    Label("the buyer has not paid in yet", "利用者の入金待ちです"),
    WaitsFor.PARTICIPANT,
    Label(
        "The buyer pays in the price with tax before the deadline, or the trade fails.",
        "利用者が期限までに税込代金を入金してください。入金がなければ取引は不成立となります。",
    ),
)
SUPPLY_UNSTATED = WaitingReason(
    "trade.supply_unstated",
    Label(
        "the seller has not stated what it supplies, on which the tax depends",
        "課税区分の判定に必要な提供内容を提供者が申告していません",
    ),
    WaitsFor.PARTICIPANT,
    Label(
        "The seller states before the deadline whether it supplies data or rights, or the trade fails.",
        "提供者が期限までに、データの提供か権利の許諾かを申告してください。申告がなければ取引は不成立となります。",
    ),
)
WAITS_FOR_ACCEPTANCE = WaitingReason(
    "trade.waits_for_acceptance",
    Label(
        "waits for delivery, and for acceptance or the end of the inspection period",
        "提供・検収または検査期間の満了を待っています",
    ),
    WaitsFor.PARTICIPANT,
    Label(
        "The delivery's own `waiting` says who acts next: collection, inspection, or the end of a suspension.",
        "次の手順（取得・検査・停止の解除）は提供の `waiting` に示されます。",
    ),
)
WAITS_FOR_PERIOD = WaitingReason(
    "trade.waits_for_period",
    Label(
        "waits for the end of its period, and for the delivery to be accepted before",
        "課金の対象となる期間の満了（および検収）を待っています",
    ),
    WaitsFor.NOBODY,
)
WAITS_FOR_BILLED_PAYMENT = WaitingReason(
    "trade.waits_for_billed_payment",
    Label(
        "accepted; the buyer has not paid yet what its guarantee secures",
        "検収済みです。保証で確保した代金の支払を待っています",
    ),
    WaitsFor.PARTICIPANT,
    Label(
        "The buyer pays in by the due day; after it the operator calls on the guarantee, or the deposit is taken.",
        "利用者が期日までに入金してください。期日後は、運営者が保証を請求するか、保証金から充当します。",
    ),
)
DISPUTED = WaitingReason(
    "trade.disputed",
    Label("a dispute is open", "異議の判断を待っています"),
    WaitsFor.OPERATOR,
    Label("The operator decides the dispute.", "運営者が異議について判断します。"),
)
WAITS_FOR_CUT_OFF = WaitingReason(
    "trade.waits_for_cut_off",
    Label("accepted; waits for the cut-off of the cycle", "検収済みです。サイクルの締切を待っています"),
    WaitsFor.NOBODY,
)
WAITS_FOR_CUT_OFF_COMMAND = WaitingReason(
    "trade.waits_for_cut_off_command",
    Label(
        "accepted; waits until the operator cuts the cycle off",
        "検収済みです。運営者によるサイクルの締切を待っています",
    ),
    WaitsFor.OPERATOR,
    Label("The operator cuts the cycle off.", "運営者がサイクルを締め切ってください。"),
)
BEING_CLEARED = WaitingReason(
    "trade.being_cleared", Label("being cleared", "清算処理中です"), WaitsFor.MARKET
)


def waiting_of_trade(
    trade: Trade,
    *,
    cycle: Cycle | None = None,
    cut_off_at: datetime | None = None,
    part: GuaranteedPart | None = None,
) -> Waiting | None:
    """The reason why a trade waits; None once its payments are planned or it has ended.

    ``cycle`` clears an accepted trade; ``cut_off_at`` is the scheduled cut-off of that cycle while it is open, or None.
    ``part`` is the part that a guarantee secures, or None.
    """
    if trade.state == TradeState.CONCLUDED and trade.supply_class is None:
        return SUPPLY_UNSTATED.waiting(since=trade.concluded_at, until=trade.fund_by)
    if trade.state == TradeState.CONCLUDED:
        return WAITS_FOR_MONEY.waiting(since=trade.concluded_at, until=trade.fund_by)
    if trade.state == TradeState.SECURED and part is not None and part.billed_at is not None:
        return WAITS_FOR_BILLED_PAYMENT.waiting(since=part.billed_at, until=part.due_end)
    if trade.state == TradeState.SECURED:
        return secured_reason(trade).waiting(since=trade.secured_at)
    if trade.state == TradeState.DISPUTED:
        return DISPUTED.waiting()
    if trade.state != TradeState.ACCEPTED or cycle is None:
        return None
    return waiting_of_obligation(cycle, cut_off_at=cut_off_at)


def secured_reason(trade: Trade) -> WaitingReason:
    """What a trade whose money is on hold waits for: acceptance, or the end of the period that it charges."""
    return WAITS_FOR_PERIOD if trade.charging in PERIODIC else WAITS_FOR_ACCEPTANCE


def waiting_of_obligation(cycle: Cycle, *, cut_off_at: datetime | None) -> Waiting | None:
    """The reason why an obligation of ``cycle`` waits; None once the cycle is being settled."""
    if cycle.state == CycleState.OPEN:
        if cut_off_at is None:
            return WAITS_FOR_CUT_OFF_COMMAND.waiting()
        return WAITS_FOR_CUT_OFF.waiting(until=cut_off_at)
    if cycle.state not in WORKING_STATES:
        return None
    return waiting_of_pause(cycle) or BEING_CLEARED.waiting(since=cycle.closed_at)
