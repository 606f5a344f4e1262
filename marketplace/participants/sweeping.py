"""What ends with time."""

from __future__ import annotations

from marketplace.kernel import clock
from marketplace.kernel.aside import Loop

from .models import PayoutAccountChange
from .services import lapse_payout_account
from .states import PayoutChangeState

LAPSING = Loop("participants.lapse_payout_accounts")
LAPSED_A_RUN = 200


def lapse_payout_accounts() -> int:
    """End changes of payout accounts that nobody confirmed in time; returns how many."""
    due = (
        PayoutAccountChange.objects.filter(state=PayoutChangeState.PROPOSED, lapses_on__lt=clock.today())
        .exclude(public_id__in=LAPSING.standing_aside())
        .order_by("lapses_on")
        .values_list("public_id", flat=True)[:LAPSED_A_RUN]
    )
    return LAPSING.each(due, lambda change: lapse_payout_account(change=change))
