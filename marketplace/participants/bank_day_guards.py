"""The SQL function by which guards count the business days of banks, as far as a database knows them; a migration makes it.

It leaves out weekends and the banks' year-end, and knows no public holidays: whoever counts those too, as
``kernel.calendars`` does, never comes to an earlier day.
"""

from __future__ import annotations

from pathlib import Path

from marketplace.kernel.guards import sql_body

_SQL = Path(__file__).parent / "sql"

CREATE = sql_body(_SQL / "bank_days_after.sql")
DROP = "DROP FUNCTION public.bank_days_after(date, integer);"
