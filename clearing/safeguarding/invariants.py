"""Invariants of the segregation check."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

Invariant(
    name="clearing.client_money_checked",
    promise=1,
    statement="A segregation check agrees exactly if its figures do; checks leave no day out.",
    guards=(
        "clearing_segregationcheck.append_only",
        "clearing_segregationcheck.segregation_check_once",
        "clearing_segregationcheck.segregation_check_truthful",
        "clearing_segregationcheck.segregation_check_stated",
        "clearing_segregationcheck.segregation_check_since",
        "clearing_bankstatement.bank_statement_adds_up",
        "clearing_bankstatement.append_only",
    ),
    test="tests/clearing/safeguarding/test_guards.py::test_a_check_cannot_say_what_is_not_so",
    check=by_query(
        "SELECT currency, business_date, since FROM (SELECT currency, business_date, since,"
        "  lag(business_date) OVER (PARTITION BY currency ORDER BY business_date) AS before"
        "  FROM clearing_segregationcheck) checks WHERE since <> coalesce(before + 1, business_date)"
    ),
)
