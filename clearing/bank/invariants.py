"""Invariants of bank entries against the ledger and settlement instructions."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

Invariant(
    name="clearing.client_account_agrees_with_bank",
    promise=1,
    statement="The client account in the ledger is the sum of the bank entries, each posted once.",
    guards=(
        "clearing_bankentry.append_only",
        "clearing_bankentry.bank_entry_match",
        "clearing_entry.entry_reference_once",
        "clearing_bankentry.clearing_bankentry_entry_reference_key",
    ),
    test="tests/clearing/bank/test_guards.py::test_a_bank_entry_is_recorded_and_posted_once",
    check=by_query(
        "SELECT a.currency, coalesce(b.booked, 0) AS booked, coalesce(sum(p.amount_minor), 0) AS posted"
        " FROM clearing_account a LEFT JOIN clearing_posting p ON p.account_id = a.id"
        " LEFT JOIN (SELECT currency, sum(CASE direction WHEN 'credit' THEN amount_minor ELSE -amount_minor END)"
        "  AS booked FROM clearing_bankentry GROUP BY currency) b ON b.currency = a.currency"
        " WHERE a.kind = 'bank_client' GROUP BY a.currency, b.booked"
        " HAVING coalesce(b.booked, 0) <> coalesce(sum(p.amount_minor), 0)"
    ),
)

Invariant(
    name="clearing.payments_known_by_the_bank",
    promise=4,
    statement="A payment is confirmed by one bank entry of its amount, and failed only on notice from the bank.",
    guards=(
        "clearing_settlementinstruction.state_guard",
        "clearing_settlementinstruction.immutable",
        "clearing_settlementinstruction.set_once",
        "clearing_settlementinstruction.no_delete",
        "clearing_settlementinstruction.instruction_one_alive",
        "clearing_settlementinstruction.instruction_confirmed_when",
        "clearing_settlementinstruction.instruction_failed_when",
        "clearing_bankentry.bank_entry_settles_once",
    ),
    test="tests/clearing/settlement/test_guards.py::test_a_payment_on_its_way_is_not_planned_twice",
    check=by_query(
        "SELECT i.reference, i.state, count(b.id) AS bank_entries FROM clearing_settlementinstruction i"
        " LEFT JOIN clearing_bankentry b ON b.instruction_id = i.id AND b.match = 'settlement'"
        "  AND b.amount_minor = i.amount_minor AND b.currency = i.currency GROUP BY i.id"
        " HAVING (i.state = 'confirmed') <> (count(b.id) = 1)"
        "  AND NOT (i.state = 'failed' AND i.confirmed_at IS NOT NULL)"
        " UNION ALL SELECT i.reference, i.state, 0 FROM clearing_settlementinstruction i"
        "  WHERE i.state = 'failed' AND i.failure_reason = ''"
    ),
)

Invariant(
    name="clearing.sending_opened_by_statement",
    promise=4,
    statement="Sending is opened after a restoration with a bank statement that reaches its day.",
    guards=(
        "clearing_sendingopening.opened_by_statement",
        "clearing_bankstatement.bank_statement_closing_day",
    ),
    test="tests/clearing/settlement/test_restorations.py::test_an_opening_without_a_statement_of_its_day_is_found",
    check=by_query(
        "SELECT o.statement, r.number FROM clearing_sendingopening o"
        " JOIN clearing_restoration r ON r.id = o.restoration_id WHERE NOT EXISTS (SELECT FROM clearing_bankstatement s"
        " WHERE s.public_id = o.statement AND s.closing_on >= (r.happened_at AT TIME ZONE 'UTC')::date)"
    ),
)
