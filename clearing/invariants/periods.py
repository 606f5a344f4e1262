"""What always holds of closed accounting periods."""

from __future__ import annotations

from typing import Any

from marketplace.kernel.canonical import digest_of
from marketplace.kernel.invariants import Invariant

from ..models import Entry, LedgerPeriod


def _changed_periods() -> list[dict[str, Any]]:
    """Closed months whose kept trial balance or count of entries no longer agrees with the journal."""
    breaches: list[dict[str, Any]] = []
    for period in LedgerPeriod.objects.order_by("month"):
        entries = Entry.objects.filter(
            business_date__year=period.month.year, business_date__month=period.month.month
        ).count()
        if entries != period.entries or digest_of(period.trial_balances) != period.sha256:
            breaches.append({"month": period.month.isoformat(), "entries": entries, "kept": period.entries})
    return breaches


Invariant(
    name="clearing.closed_periods_stand",
    promise=1,
    statement="Nothing is booked in a month that is closed, and what was kept of it never changes.",
    guards=(
        "clearing_entry.period_open",
        "clearing_ledgerperiod.months_in_order",
        "clearing_ledgerperiod.append_only",
        "clearing_ledgerperiod.clearing_ledgerperiod_month_key",
        "clearing_ledgerperiod.ledger_period_month",
    ),
    test="tests/clearing/test_periods.py::test_nothing_is_booked_in_a_closed_month",
    check=_changed_periods,
)
