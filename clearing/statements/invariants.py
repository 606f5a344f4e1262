"""Invariants of monthly statements."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

Invariant(
    name="clearing.statements_agree_with_ledger",
    promise=1,
    statement=(
        "A participant has one statement a month, signed, made when the month is over, whose closing balances are"
        " those of the ledger; a finished month has a statement of every participant whose accounts moved in it."
    ),
    guards=(
        "clearing_monthlystatement.statement_once",
        "clearing_monthlystatement.statement_after_month",
        "clearing_monthlystatement.statement_month",
        "clearing_monthlystatement.statement_signed",
        "clearing_monthlystatement.month_unfinished",
        "clearing_monthlystatement.append_only",
        "clearing_statementmonth.statement_month_once",
        "clearing_statementmonth.statement_month_over",
        "clearing_statementmonth.append_only",
    ),
    test="tests/clearing/statements/test_guards.py::test_a_statement_of_a_month_that_runs_is_refused",
    check=by_query(
        "SELECT s.public_id AS subject, a.kind, a.side * coalesce(sum(p.amount_minor), 0) AS posted"
        "  FROM clearing_monthlystatement s"
        "  JOIN clearing_account a ON a.organisation_id = s.organisation_id AND a.currency = s.currency"
        "  LEFT JOIN (clearing_posting p JOIN clearing_entry e ON e.id = p.entry_id) ON p.account_id = a.id"
        "   AND e.business_date < s.until"
        "  GROUP BY s.id, a.id HAVING a.side * coalesce(sum(p.amount_minor), 0) <> coalesce((SELECT"
        "   (b->>'closing_minor')::bigint FROM jsonb_array_elements(s.document->'balances') b"
        "   WHERE b->>'account' = a.kind), 0)"
        " UNION ALL SELECT a.code, m.month::text, count(*) FROM clearing_statementmonth m"
        "  JOIN clearing_entry e ON e.business_date >= m.month AND e.business_date < m.until"
        "  JOIN clearing_posting p ON p.entry_id = e.id AND p.currency = m.currency"
        "  JOIN clearing_account a ON a.id = p.account_id AND a.organisation_id IS NOT NULL"
        "  WHERE NOT EXISTS (SELECT FROM clearing_monthlystatement s WHERE s.organisation_id = a.organisation_id"
        "   AND s.currency = m.currency AND s.month = m.month) GROUP BY a.code, m.month"
    ),
)
