"""Why a shortfall waits, decided from the shortfall and the open claim. No reads, no writes."""

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


def waiting_of_shortfall(shortfall: Shortfall, *, owes_reserve: bool) -> Waiting | None:
    """The reason why a shortfall waits; None if the reserve lent nothing or no claim is open now."""
    if not shortfall.lent_minor or not owes_reserve:
        return None
    return CLAIM_OPEN.waiting(since=shortfall.occurred_at)
