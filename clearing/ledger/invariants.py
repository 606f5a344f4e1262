"""Invariants of the ledger, claims and closed months."""

from __future__ import annotations

from typing import Any

from marketplace.kernel.canonical import digest_of
from marketplace.kernel.guards import sql_list
from marketplace.kernel.invariants import Invariant, amounts_within_ceiling, by_query, declare_readable
from marketplace.kernel.moments import LATE_SECONDS_MAX

from .chart import LIMITED_KINDS, OWED_TO_PARTICIPANTS
from .models import Entry, LedgerPeriod

_OWED = sql_list(OWED_TO_PARTICIPANTS)
_LIMITED = sql_list(LIMITED_KINDS)

Invariant(
    name="clearing.entries_sum_to_zero",
    promise=1,
    statement="Every journal entry has postings that sum to zero per currency; none is ever changed or added.",
    guards=(
        "clearing_posting.entries_balance",
        "clearing_posting.append_only",
        "clearing_posting.posting_amount",
        "clearing_posting.posting_leg_once",
        "clearing_entry.entry_complete",
        "clearing_entry.append_only",
    ),
    test="tests/clearing/ledger/test_guards.py::test_an_entry_that_does_not_balance_is_refused",
    check=by_query(
        "SELECT e.public_id, p.currency, sum(p.amount_minor) AS total FROM clearing_entry e"
        " LEFT JOIN clearing_posting p ON p.entry_id = e.id GROUP BY e.public_id, p.currency"
        " HAVING sum(p.amount_minor) IS DISTINCT FROM 0"
    ),
)
Invariant(
    name="clearing.entries_booked_by_the_clock",
    promise=1,
    statement="No journal entry is booked or recorded in the future, and each is of the day on which it is booked.",
    guards=("clearing_entry.entry_booked_now", "clearing_entry.append_only"),
    test="tests/clearing/ledger/test_causes.py::test_an_entry_is_booked_at_the_time_of_its_posting",
    check=by_query(
        "SELECT reference, booked_at, recorded_at, business_date FROM clearing_entry"  # noqa: S608  our own words
        f" WHERE booked_at > public.business_now() + interval '{LATE_SECONDS_MAX} seconds'"
        f"  OR recorded_at > clock_timestamp() + interval '{LATE_SECONDS_MAX} seconds'"
        "  OR business_date NOT BETWEEN ((booked_at - interval '12 hours') AT TIME ZONE 'UTC')::date"
        "   AND ((booked_at + interval '14 hours') AT TIME ZONE 'UTC')::date"
    ),
)
Invariant(
    name="clearing.balances_equal_postings",
    promise=1,
    statement=(
        "A balance is the sum of its account's postings; that of an account which may not be overdrawn never leaves its"
        " normal side."
    ),
    guards=(
        "clearing_balance.moved_by_postings",
        "clearing_balance.balance_within_funds",
        "clearing_balance.no_delete",
        "clearing_account.balances_open",
        "clearing_account.append_only",
        "clearing_account.account_once",
        "clearing_account.account_owner",
    ),
    test="tests/clearing/ledger/test_guards.py::test_a_balance_moves_by_postings_only",
    check=by_query(
        "SELECT a.code, b.balance_minor, coalesce(sum(p.amount_minor), 0) AS posted"  # noqa: S608  our own words
        " FROM clearing_account a LEFT JOIN clearing_balance b ON b.account_id = a.id"
        " LEFT JOIN clearing_posting p ON p.account_id = a.id GROUP BY a.code, a.kind, a.side, b.side, b.balance_minor"
        " HAVING b.balance_minor IS DISTINCT FROM coalesce(sum(p.amount_minor), 0)"
        f" OR a.kind IN ({_LIMITED}) AND (b.balance_minor * a.side < 0 OR b.side <> a.side)"
    ),
)
Invariant(
    name="clearing.client_money_is_owed",
    promise=1,
    statement=(
        "The client account covers all that is owed to participants and to the senders of receipts in suspense; claims on"
        " others, debits in suspense and what is reclaimed from the bank or from payees cover nothing."
    ),
    guards=(
        "clearing_posting.entries_balance",
        "clearing_balance.balance_within_funds",
        "clearing_account.account_once",
    ),
    test="tests/clearing/ledger/test_guards.py::test_a_participant_cannot_spend_what_it_does_not_have",
    check=by_query(
        "SELECT * FROM (SELECT p.currency, sum(p.amount_minor) AS total,"  # noqa: S608  the kinds are our own words
        "  coalesce(sum(p.amount_minor) FILTER (WHERE a.kind = 'bank_client'), 0) AS covered,"
        f"  -coalesce(sum(p.amount_minor) FILTER (WHERE a.kind IN ({_OWED})), 0) AS owed"
        "  FROM clearing_posting p JOIN clearing_account a ON a.id = p.account_id GROUP BY p.currency) sums"
        " WHERE total <> 0 OR owed > covered"
    ),
)

Invariant(
    name="clearing.claims_within_reserve",
    promise=1,
    statement="Claims on participants never exceed the reserve, which lent them.",
    guards=(
        "clearing_balance.claims_within_reserve",
        "clearing_balance.balance_within_funds",
    ),
    test="tests/clearing/shortfalls/test_guards.py::test_the_reserve_lends_no_more_than_it_has",
    check=by_query(
        "SELECT a.currency, sum(b.balance_minor) FILTER (WHERE a.kind = 'claim') AS lent,"
        " -sum(b.balance_minor) FILTER (WHERE a.kind = 'reserve') AS reserve"
        " FROM clearing_balance b JOIN clearing_account a ON a.id = b.account_id"
        " WHERE a.kind IN ('claim', 'reserve') GROUP BY a.currency HAVING sum(b.balance_minor) > 0"
    ),
)


def _changed_periods() -> list[dict[str, Any]]:
    """Closed months whose recorded trial balance or number of entries differs from the journal."""
    breaches: list[dict[str, Any]] = []
    for period in LedgerPeriod.objects.order_by("month"):
        entries = Entry.objects.filter(
            business_date__year=period.month.year, business_date__month=period.month.month
        ).count()
        if entries != period.entries or digest_of(period.trial_balances) != period.sha256:
            breaches.append({"month": period.month.isoformat(), "entries": entries, "kept": period.entries})
    return breaches


_other_balances = by_query(
    "WITH moved AS (SELECT date_trunc('month', e.business_date)::date AS month, p.currency, a.kind,"
    "  coalesce(sum(p.amount_minor) FILTER (WHERE p.amount_minor > 0), 0) AS debit,"
    "  coalesce(-sum(p.amount_minor) FILTER (WHERE p.amount_minor < 0), 0) AS credit FROM clearing_posting p"
    "  JOIN clearing_entry e ON e.id = p.entry_id JOIN clearing_account a ON a.id = p.account_id GROUP BY 1, 2, 3),"
    " posted AS (SELECT l.month, m.currency, m.kind, sum(m.debit) AS debit, sum(m.credit) AS credit"
    "  FROM clearing_ledgerperiod l JOIN moved m ON m.month <= l.month GROUP BY 1, 2, 3),"
    " kept AS (SELECT l.month, c.key AS currency, r ->> 'kind' AS kind, (r ->> 'debit_minor')::numeric AS debit,"
    "  (r ->> 'credit_minor')::numeric AS credit, (r ->> 'balance_minor')::numeric AS balance"
    "  FROM clearing_ledgerperiod l CROSS JOIN LATERAL jsonb_each(l.trial_balances) c"
    "  CROSS JOIN LATERAL jsonb_array_elements(c.value) r)"
    " SELECT month, currency, kind, kept.debit AS kept_debit, posted.debit, kept.credit AS kept_credit, posted.credit"
    " FROM kept FULL JOIN posted USING (month, currency, kind)"
    " WHERE coalesce(kept.debit, 0) <> coalesce(posted.debit, 0)"
    "  OR coalesce(kept.credit, 0) <> coalesce(posted.credit, 0)"
    "  OR abs(coalesce(kept.balance, 0)) <> abs(coalesce(posted.debit - posted.credit, 0))"
)
"""Closed months of which the recorded trial balance is not what the postings come to: a hash of the record cannot say."""

Invariant(
    name="clearing.closed_periods_unchanged",
    promise=1,
    statement="Nothing is booked in a closed month, and its record is what its postings come to, and never changes.",
    guards=(
        "clearing_entry.period_open",
        "clearing_ledgerperiod.months_in_order",
        "clearing_ledgerperiod.period_balanced",
        "clearing_ledgerperiod.append_only",
        "clearing_ledgerperiod.clearing_ledgerperiod_month_key",
        "clearing_ledgerperiod.ledger_period_month",
    ),
    test="tests/clearing/ledger/test_periods.py::test_nothing_is_booked_in_a_closed_month",
    check=lambda: [*_changed_periods(), *_other_balances()],
)

Invariant(
    name="clearing.amounts_within_ceiling",
    promise=1,
    statement="No column of an amount holds more than the published ceiling of sums.",
    guards=(
        "clearing_posting.clearing_posting_amount_minor_check",
        "clearing_balance.clearing_balance_balance_minor_check",
    ),
    test="tests/kernel/test_amounts.py::test_no_column_takes_an_amount_beyond_the_ceiling",
    check=amounts_within_ceiling("clearing"),
)

declare_readable("clearing")
