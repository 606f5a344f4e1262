"""Telling those who negotiate that trade is halted, or goes on."""

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
    Label("Trading is halted: {what}", "取引が停止されました: {what}"),
    Label(
        "Terms may still be negotiated, but nothing is concluded there until the halt is lifted. Why: {reason}",
        "条件の交渉は続けられますが、解除されるまで契約は締結できません。理由: {reason}",
    ),
)
RESUMED = Wording(
    Label("A trading halt is lifted: {what}", "取引の停止が解除されました: {what}"),
    Label(
        "What was negotiated can be concluded again, unless another halt stands. Why: {reason}",
        "ほかに停止がなければ、契約を締結できます。理由: {reason}",
    ),
)


@transaction.atomic
def tell_of_halt(*, halt: str, lifted: bool) -> int:
    """Tell each party of an open negotiation that a halt (public identifier) covers; returns how many were told."""
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
    for party in parties:
        notices.send_notice(organisation_id=party, subject=halt, wording=wording)
    return len(parties)
