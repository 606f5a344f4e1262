"""Notify the parties of open negotiations of halts and of their lifting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from marketplace.kernel import clock
from marketplace.kernel.labels import Label
from marketplace.notices import services as notices
from marketplace.notices.texts import Wording
from marketplace.rules import queries as rules
from marketplace.rules.states import HaltScope

from ..models import Negotiation
from ..states import OPEN_NEGOTIATIONS, RESPONSE_DAYS

HALTED = Wording(
    Label("Trading is halted: {what}", "売買が停止されました: {what}"),
    Label(
        "You can still negotiate terms, but no agreement is concluded until the halt is lifted; until then the time to answer"
        " does not run. Reason: {reason}",
        "条件の交渉は続けられますが、売買停止が解除されるまで契約は締結できません。その間、回答期限は進行しません。理由: {reason}",
    ),
)
RESUMED = Wording(
    Label("A halt is lifted: {what}", "売買停止が解除されました: {what}"),
    Label(
        "Agreements can be concluded again, unless another halt is in force, and the time to answer is longer by the time of the"
        " halt. Reason: {reason}",
        "ほかに売買停止がなければ、契約を締結できます。回答期限は停止期間の分だけ延長されます。理由: {reason}",
    ),
)


_MOVE = """
    UPDATE contracts_negotiation n
       SET respond_by = n.respond_by + h.taken, halts_counted_until = %(now)s
      FROM (SELECT o.id, public.halted_time(o.listing, o.segment,
                       coalesce(o.halts_counted_until, o.respond_by - %(response)s::interval), %(now)s) AS taken
              FROM contracts_negotiation o
             WHERE o.id = ANY (%(keys)s) AND o.respond_by IS NOT NULL AND NOT public.is_halted(o.listing, o.segment)
             ORDER BY o.id FOR NO KEY UPDATE) h
     WHERE n.id = h.id AND h.taken > interval '0'
 RETURNING n.public_id, n.respond_by
"""


def _give_back(covered: Q) -> None:
    """Move the time to answer in each open negotiation that no halt covers any more, and the deadlines of its tasks."""
    keys = list(Negotiation.objects.filter(covered, state__in=OPEN_NEGOTIATIONS).values_list("pk", flat=True))
    values: dict[str, Any] = {"now": clock.now(), "response": timedelta(days=RESPONSE_DAYS), "keys": keys}
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, values)
        notices.move_deadlines(dict(cursor.fetchall()))


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
    if lifted:
        _give_back(covered)
    parties = sorted({party for pair in pairs for party in pair})
    notices.send_notices(subject=halt, wordings=dict.fromkeys(parties, wording))
    return len(parties)
