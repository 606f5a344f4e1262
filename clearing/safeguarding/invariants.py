"""Invariants of the segregation check."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection

from marketplace.kernel.calendars import BusinessCalendar
from marketplace.kernel.clock import business_date
from marketplace.kernel.invariants import BREACHES_SHOWN_MAX, Invariant, by_query

_unchecked = by_query(
    "SELECT currency, business_date, attempt, since FROM (SELECT *, lag(business_date) OVER days AS before,"
    "  lag(since) OVER days AS since_before, lag(agrees) OVER days AS agreed FROM clearing_segregationcheck"
    "  WINDOW days AS (PARTITION BY currency ORDER BY business_date, attempt)) checks"
    " WHERE CASE WHEN attempt = 1 THEN since <> coalesce(before + 1, business_date)"
    "  ELSE (business_date, since, false) IS DISTINCT FROM (before, since_before, agreed) END"
)

_untrue = by_query(
    "SELECT k.public_id, k.business_date, k.agrees, k.due_on, k.stated_on FROM clearing_segregationcheck k"
    " LEFT JOIN clearing_bankstatement s ON s.id = k.statement_id"
    " WHERE k.agrees <> (k.bank_minor >= k.owed_minor"
    "   AND k.bank_minor + k.outstanding_minor = k.owed_minor + k.operator_minor"
    "   AND coalesce(k.stated_difference_minor, 0) = 0"
    "   AND (k.due_on IS NULL OR coalesce(k.stated_on, date '-infinity') >= k.due_on))"
    "  OR (s.currency, s.closing_on, s.closing_balance_minor, s.closing_balance_minor - s.ledger_balance_minor)"
    "   IS DISTINCT FROM (CASE WHEN s.id IS NOT NULL THEN k.currency END, k.stated_on, k.stated_minor,"
    "    k.stated_difference_minor)"
    "  OR k.statement_id IS NOT NULL AND NOT EXISTS (SELECT FROM clearing_statementimport i"
    "   JOIN clearing_statementconfirmation c ON c.statement_import_id = i.id WHERE i.statement_id = s.id)"
)


def _other_days_due() -> list[dict[str, Any]]:
    """Checks that demand another day of the bank than the last business day before them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT k.public_id, k.business_date, k.due_on, (SELECT min(a.registered_at) FROM clearing_clientaccount a"
            "  WHERE a.currency = k.currency) FROM clearing_segregationcheck k"
        )
        rows = cursor.fetchall()
    calendar = BusinessCalendar()
    faults = []
    for public_id, day, due_on, registered_at in rows:
        before = calendar.roll_back(day - timedelta(days=1))
        is_due = registered_at is not None and business_date(registered_at) <= before
        if due_on != (before if is_due else None):
            faults.append({"check": public_id, "due_on": due_on, "business_day_before": before})
    return faults[:BREACHES_SHOWN_MAX]


Invariant(
    name="clearing.client_money_checked",
    promise=1,
    statement=(
        "A segregation check agrees exactly if its figures do, and relies on a balance that a second person confirmed and"
        " that covers every bank business day before it; checks leave no day out."
    ),
    guards=(
        "clearing_segregationcheck.append_only",
        "clearing_segregationcheck.segregation_check_once",
        "clearing_segregationcheck.segregation_check_truthful",
        "clearing_segregationcheck.segregation_check_stated",
        "clearing_segregationcheck.segregation_check_since",
        "clearing_segregationcheck.segregation_check_due",
        "clearing_segregationcheck.relies_on_confirmed",
        "clearing_bankstatement.bank_statement_adds_up",
        "clearing_bankstatement.append_only",
    ),
    test="tests/clearing/safeguarding/test_guards.py::test_a_check_cannot_say_what_is_not_so",
    check=lambda: _unchecked() + _untrue() + _other_days_due(),
)
