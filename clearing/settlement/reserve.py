"""The operator's reserve, less what it has lent and what announced reductions take: one text of SQL, for guard and readings."""

from __future__ import annotations

from django.db import connection

TO_COME = """(
    SELECT coalesce(sum(d.amount_minor), 0) FROM public.clearing_reservereduction d
     WHERE d.currency = {currency} AND NOT EXISTS (
           SELECT FROM public.clearing_entry e WHERE e.reference = 'reserve_lowered:' || d.public_id))"""
"""What reductions that were announced have still to take from the reserve of a currency."""

FREE_RESERVE = f"""(
    SELECT coalesce(-sum(b.balance_minor) FILTER (WHERE a.kind = 'reserve'), 0)
         - coalesce(sum(b.balance_minor) FILTER (WHERE a.kind = 'claim'), 0) - {TO_COME}
      FROM public.clearing_account a JOIN public.clearing_balance b ON b.account_id = a.id
     WHERE a.currency = {{currency}} AND a.kind IN ('reserve', 'claim'))"""  # noqa: S608  our own words
"""What of the reserve of a currency no claim needs, and no reduction takes."""


def free_reserve(currency: str) -> int:
    """What of the reserve no claim needs and no announced reduction takes, in minor units."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + FREE_RESERVE.format(currency="%(currency)s"), {"currency": currency})
        return int(cursor.fetchone()[0])
