"""The SQL functions that say when a period and rights of use end, and whether not before they are paid for. A migration makes them.

They repeat ``listings.rights.limits`` and ``consistency`` for guards. Bank days are those of ``participants.bank_day_guards``, which knows no
public holidays, so the last may be more lenient than the market.
"""

from __future__ import annotations

from pathlib import Path

from marketplace.kernel.guards import sql_body

_SQL = Path(__file__).parent / "sql"

CREATE = sql_body(_SQL / "end_of_period.sql")
DROP = """
DROP FUNCTION public.is_paid_in_time(jsonb, timestamptz, integer);
DROP FUNCTION public.end_of_rights(jsonb, timestamptz);
DROP FUNCTION public.end_of_period(timestamptz, text);
"""
