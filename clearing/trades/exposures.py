"""What participants owe or may owe that guarantees secure instead of money: the market's credit exposure (PFMI, principle 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from django.db import connection

from marketplace.kernel import clock
from marketplace.kernel.labels import Label
from marketplace.participants.queries import organisations_by_id

_EXPOSURES = """
    SELECT g.organisation_id, g.currency,
           coalesce(sum(g.amount_minor) FILTER (WHERE g.valid_from <= %(now)s AND g.expires_at > %(now)s), 0)::bigint,
           coalesce(sum(g.used_minor), 0)::bigint,
           coalesce(sum(g.used_minor) FILTER (WHERE g.kind = 'deposit_limit'), 0)::bigint,
           coalesce(sum(p.billed_minor), 0)::bigint, coalesce(sum(p.overdue_minor), 0)::bigint,
           coalesce(sum(g.used_minor) FILTER (WHERE g.expires_at <= %(now)s), 0)::bigint
      FROM clearing_guarantee g
      LEFT JOIN LATERAL (
        SELECT sum(p.amount_minor) FILTER (WHERE p.billed_at IS NOT NULL) AS billed_minor,
               sum(p.amount_minor) FILTER (WHERE p.due_on < %(today)s) AS overdue_minor
          FROM clearing_guaranteedpart p
         WHERE p.guarantee_id = g.id AND p.paid_at IS NULL AND p.released_at IS NULL) p ON true
     WHERE g.used_minor > 0 OR g.amount_minor > 0 AND g.expires_at > %(now)s
     GROUP BY 1, 2 ORDER BY 2, 4 DESC, 1
"""


@dataclass(frozen=True, slots=True)
class Exposure:
    """The exposure to one participant in one currency, or to all of them (``organisation`` empty), in minor units.

    ``limit_minor``: valid guarantees and limits together. ``used_minor``: trades that they secure and that are not paid:
    the exposure; of it ``deposit_minor`` is backed by the participant's own deposit, ``billed_minor`` is billed,
    ``overdue_minor`` was due before today, and the guarantee of ``expired_minor`` has expired.
    """

    organisation: str
    currency: str
    limit_minor: int
    used_minor: int
    deposit_minor: int
    billed_minor: int
    overdue_minor: int
    expired_minor: int


EXPOSURE_LABELS = {
    "limit_minor": Label("guarantees and limits in force", "有効な保証・信用枠"),
    "used_minor": Label("exposure: secured and not paid", "与信残高（確保済み・未払い）"),
    "deposit_minor": Label("of it backed by a security deposit", "うち保証金で担保"),
    "billed_minor": Label("of it billed", "うち請求済み"),
    "overdue_minor": Label("of it past its due day", "うち支払期日経過"),
    "expired_minor": Label("of it under a guarantee that has expired", "うち保証が失効"),
}


def guarantee_exposures() -> list[Exposure]:
    """The exposure to each participant with guarantees, the largest first by currency."""
    with connection.cursor() as cursor:
        cursor.execute(_EXPOSURES, {"now": clock.now(), "today": clock.today()})
        rows = cursor.fetchall()
    names = organisations_by_id({row[0] for row in rows})
    return [Exposure(names[key].public_id, *figures) for key, *figures in rows]


def total_exposures(exposures: Iterable[Exposure]) -> list[Exposure]:
    """The sums of exposures, one for each currency."""
    sums: dict[str, dict[str, int]] = {}
    for row in exposures:
        known = sums.setdefault(row.currency, dict.fromkeys(FIGURES, 0))
        for name in FIGURES:
            known[name] += getattr(row, name)
    return [Exposure(organisation="", currency=currency, **figures) for currency, figures in sums.items()]


FIGURES = tuple(field.name for field in fields(Exposure) if field.name.endswith("_minor"))
