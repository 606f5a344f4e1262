"""Invariants of monthly statements."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from ..ledger.queries import BY_VALUE
from .guards import CLOSE_APPROVED

_MONTH_END = "(c.month + interval '1 month' - interval '1 day')::date"

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

Invariant(
    name="clearing.months_as_certified",
    promise=1,
    statement=(
        "The ledger's balance of the client account at the end of a month, by the bank's booking dates, is what the bank's"
        " newest certificate of that month says."
    ),
    guards=(
        "clearing_balancecertificate.certified_as_posted",
        "clearing_balancecertificate.balance_certificate_of_what",
        "clearing_balancecertificate.append_only",
    ),
    test="tests/clearing/statements/test_certificates.py::test_a_ledger_that_differs_from_the_bank_is_named",
    check=by_query(
        "SELECT c.public_id, c.currency, c.month, c.balance_minor AS certified, ledger.minor AS ledger FROM ("  # noqa: S608  our own words
        "  SELECT DISTINCT ON (currency, month) * FROM clearing_balancecertificate ORDER BY currency, month, id DESC) c"
        f" CROSS JOIN LATERAL (SELECT ({BY_VALUE.format(currency='c.currency', day=_MONTH_END)}) AS minor) ledger"
        " WHERE c.balance_minor <> ledger.minor"
    ),
)

Invariant(
    name="clearing.months_closed_by_two",
    promise=9,
    statement="Two people closed each month, with the entries and the trial balance that stand.",
    guards=(
        "clearing_ledgerperiod.closed_by_two",
        "clearing_ledgerperiod.append_only",
        "approvals_approval.approval_two_people",
    ),
    test="tests/clearing/statements/test_closing.py::test_the_database_closes_no_month_of_one_person",
    check=by_query(
        f"SELECT p.public_id, p.month, p.closed_by FROM clearing_ledgerperiod p WHERE NOT ({CLOSE_APPROVED.format(row='p')})"  # noqa: S608  our own words
    ),
)
