"""What is still due of payments that failed and were not made again. Reads only.

A shortfall uses what failed payments left with the market (``shortfalls.set_offs``), the debt that is owed longest first.
What is left is due of the newest of them. So each has a part of its own, and the parts are what is due without a payment.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from .models import SettlementInstruction
from .planning import UNCLAIMED
from .states import InstructionState, PaymentDirection

OWED_AT = """coalesce((SELECT owing.netted_at FROM public.clearing_cycle owing WHERE owing.id = f.cycle_id), f.planned_at)"""
"""Since when the market owed what payment ``f`` pays."""

NOT_MADE_AGAIN = """(f.direction = 'out' AND f.state = 'failed' AND NOT EXISTS (
    SELECT FROM public.clearing_settlementinstruction again WHERE again.instead_of_id = f.id
       AND NOT (again.state = 'cancelled' AND again.cancelled_at IS NOT DISTINCT FROM f.confirmed_at)))"""
"""Whether payment ``f`` failed and none replaces it; one that was withdrawn, when the bank carried ``f`` out, does not."""

_STILL_DUE = f"""
    SELECT found.id, greatest(least(found.amount_minor, found.unclaimed_minor - found.later_minor), 0)::bigint
      FROM (
        SELECT f.id, f.amount_minor, party.unclaimed_minor, coalesce(sum(f.amount_minor) OVER (
                   PARTITION BY f.organisation_id, f.currency ORDER BY {OWED_AT} DESC, f.id DESC
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS later_minor
          FROM (
            SELECT named.organisation_id, named.currency,
                   {UNCLAIMED.format(organisation="named.organisation_id", currency="named.currency")} AS unclaimed_minor
              FROM (SELECT DISTINCT organisation_id, currency FROM public.clearing_settlementinstruction
                     WHERE id = ANY(%s)) named
              JOIN public.participants_organisation o ON o.id = named.organisation_id AND NOT o.is_operator
          ) party
          JOIN public.clearing_settlementinstruction f
            ON f.organisation_id = party.organisation_id AND f.currency = party.currency AND {NOT_MADE_AGAIN}
      ) found
"""  # noqa: S608  our own words


def still_due(payments: Collection[SettlementInstruction]) -> dict[int, int]:
    """What is due of each failed payment that was not made again, to the participants of ``payments``, by its key.

    Zero for one that shortfalls have used up. Payments to the operator are not among them: they leave its money where it was.
    """
    if not payments:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_STILL_DUE, [[payment.pk for payment in payments]])
        return dict(cursor.fetchall())


def failed_payments(organisation_ids: Collection[int], currency: str) -> list[SettlementInstruction]:
    """The failed payments to some participants in a currency, in key order; also those that were made again."""
    rows = SettlementInstruction.objects.filter(
        organisation_id__in=organisation_ids,
        currency=currency,
        direction=PaymentDirection.OUT,
        state=InstructionState.FAILED,
    )
    return list(rows.order_by("pk"))
