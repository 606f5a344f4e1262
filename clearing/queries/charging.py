"""Reading plans of charges: what is due to begin, and what has ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db import connection
from django.db.models import Q

from ..models import ChargeProgress

CHUNK = 200

_ENDED_PERIODS = """
    SELECT t.agreement, t.charge
      FROM clearing_trade t
      JOIN clearing_chargeplan p ON p.agreement = t.agreement
      JOIN clearing_plannedcharge c ON c.plan_id = p.id AND c.charge = t.charge
      JOIN clearing_chargeprogress g ON g.plan_id = p.id
     WHERE t.state = 'secured' AND t.charging IN ('subscription', 'metered')
       AND g.delivered_at IS NOT NULL AND g.dispute IS NULL
       AND c.period_until <= CASE t.charging WHEN 'metered' THEN %s ELSE %s END
     ORDER BY c.period_until, t.id LIMIT %s
"""


def ended_periods(*, until: date, metered_until: date, limit: int) -> list[tuple[str, int]]:
    """Agreement and number of secured periods that were served and ended by a day, the oldest first.

    Periods in dispute, and those of agreements whose delivery was never accepted, are not among them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ENDED_PERIODS, [metered_until, until, limit])
        return [(agreement, charge) for agreement, charge in cursor.fetchall()]


def agreements_due(today: date) -> Iterator[str]:
    """Agreements whose next charge is due by ``today`` and that go on, the longest due first; read by chunks."""
    due = ChargeProgress.objects.filter(next_due_on__lte=today, ended_at=None, dispute=None)
    rows = due.order_by("next_due_on", "pk").values_list("next_due_on", "pk", "plan__agreement")
    after: tuple[date | None, int] | None = None
    while True:
        later = rows if after is None else rows.filter(_beyond(*after))
        chunk = list(later[:CHUNK])
        yield from (agreement for _, _, agreement in chunk)
        if len(chunk) < CHUNK:
            return
        after = (chunk[-1][0], chunk[-1][1])


def _beyond(day: date | None, key: int) -> Q:
    return Q(next_due_on__gt=day) | Q(next_due_on=day, pk__gt=key)
