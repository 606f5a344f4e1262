"""Why a shortfall waits, decided from the shortfall, the open claim and the open deferral. No reads, no writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marketplace.kernel.labels import Label
from marketplace.kernel.waiting import Waiting, WaitingReason, WaitsFor

if TYPE_CHECKING:
    from .models import Shortfall

CLAIM_OPEN = WaitingReason(
    "shortfall.claim_open",
    Label("what the reserve lent is not collected yet", "準備金からの立替えに係る求償債権が未回収です"),
    WaitsFor.PARTICIPANT,
    Label(
        "It is collected from what the participant's next cycles bring, or from its pay-ins while it is suspended;"
        " the operator may write it off.",
        "参加者の次回以降の清算額から（取引停止中は入金から）回収されます。運営者は貸倒処理もできます。",
    ),
)
DEFERRAL_OPEN = WaitingReason(
    "shortfall.deferral_open",
    Label(
        "what was deferred is not settled by a later cycle yet", "繰り延べた債務が後のサイクルで未決済です"
    ),
    WaitsFor.PARTICIPANT,
    Label("The participant pays in before the next cut-off.", "参加者が次の締切までに入金してください。"),
)


def waiting_of_shortfall(shortfall: Shortfall, *, owes_reserve: bool, deferral_open: bool) -> Waiting | None:
    """The reason why a shortfall waits; None if neither a claim nor a deferral of it is open now."""
    if shortfall.lent_minor and owes_reserve:
        return CLAIM_OPEN.waiting(since=shortfall.occurred_at)
    return DEFERRAL_OPEN.waiting(since=shortfall.occurred_at) if deferral_open else None
