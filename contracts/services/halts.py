"""Notify the parties of open negotiations of halts and of their lifting."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from marketplace.kernel.labels import Label
from marketplace.notices import services as notices
from marketplace.notices.texts import Wording
from marketplace.rules import queries as rules
from marketplace.rules.states import HaltScope

from ..models import Negotiation
from ..states import OPEN_NEGOTIATIONS

HALTED = Wording(
    Label("Trading is halted: {what}", "売買が停止されました: {what}"),
    Label(
        "You can still negotiate terms, but no agreement is concluded until the halt is lifted. Reason: {reason}",
        "条件の交渉は続けられますが、売買停止が解除されるまで契約は締結できません。理由: {reason}",
    ),
)
RESUMED = Wording(
    Label("A halt is lifted: {what}", "売買停止が解除されました: {what}"),
    Label(
        "Agreements can be concluded again, unless another halt is in force. Reason: {reason}",
        "ほかに売買停止がなければ、契約を締結できます。理由: {reason}",
    ),
)


@transaction.atomic
def notify_of_halt(*, halt: str, lifted: bool) -> int:
    """Notify each party of an open negotiation that a halt (public identifier) covers; returns the number of notices."""
    row = rules.halts().get(public_id=halt)
    covered = {
        HaltScope.MARKET: Q(),
        HaltScope.SEGMENT: Q(segment=row.subject),
        HaltScope.LISTING: Q(listing=row.subject),
    }[HaltScope(row.scope)]
    pairs = Negotiation.objects.filter(covered, state__in=OPEN_NEGOTIATIONS).values_list(
        "buyer_id", "seller_id"
    )
    wording = (RESUMED if lifted else HALTED).fill(
        what=rules.halt_words(row).as_dict(), reason=(lifted and row.lift_reason) or row.reason
    )
    parties = sorted({party for pair in pairs for party in pair})
    notices.send_notices(subject=halt, wordings=dict.fromkeys(parties, wording))
    return len(parties)
