"""Gauges of participants' money."""

from __future__ import annotations

from marketplace.kernel.metrics import Gauge, by_rows

# One row an account: it grows with participants, not with entries.
MONEY = """
    SELECT account.kind, account.currency, sum(abs(balance.balance_minor))
      FROM clearing_balance balance JOIN clearing_account account ON account.id = balance.account_id
     GROUP BY 1, 2
"""

Gauge(
    name="clearing_money_minor",
    description="Money on accounts, in minor units by kind of account and currency: what waits for a trade is on held"
    " accounts, what the bank booked and nobody explained on unallocated and unexplained.",
    read=by_rows(MONEY),
    labels=("kind", "currency"),
)
