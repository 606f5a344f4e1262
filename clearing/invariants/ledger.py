"""What always holds of the ledger and of clients' money."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from ..chart import OWED_TO_PARTICIPANTS

_GUARDS = "tests/clearing/test_guards.py"
_OWED = ", ".join(f"'{kind.value}'" for kind in OWED_TO_PARTICIPANTS)

Invariant(
    name="clearing.entries_sum_to_zero",
    promise=1,
    statement="Every entry has postings, they sum to zero per currency, and none is ever changed or added to.",
    guards=(
        "clearing_posting.entries_balance",
        "clearing_posting.append_only",
        "clearing_posting.posting_amount",
        "clearing_posting.posting_leg_once",
        "clearing_entry.entry_complete",
        "clearing_entry.append_only",
    ),
    test=f"{_GUARDS}::test_an_entry_that_does_not_balance_is_refused",
    check=by_query(
        "SELECT e.public_id, p.currency, sum(p.amount_minor) AS total FROM clearing_entry e"
        " LEFT JOIN clearing_posting p ON p.entry_id = e.id GROUP BY e.public_id, p.currency"
        " HAVING sum(p.amount_minor) IS DISTINCT FROM 0"
    ),
)
Invariant(
    name="clearing.balances_equal_postings",
    promise=1,
    statement="A balance is the sum of its account's postings and never leaves the account's normal side.",
    guards=(
        "clearing_balance.moved_by_postings",
        "clearing_balance.balance_within_funds",
        "clearing_balance.no_delete",
        "clearing_account.balances_open",
        "clearing_account.append_only",
        "clearing_account.account_once",
        "clearing_account.account_owner",
    ),
    test=f"{_GUARDS}::test_a_balance_moves_by_postings_only",
    check=by_query(
        "SELECT a.code, b.balance_minor, coalesce(sum(p.amount_minor), 0) AS posted"
        " FROM clearing_balance b JOIN clearing_account a ON a.id = b.account_id"
        " LEFT JOIN clearing_posting p ON p.account_id = a.id GROUP BY a.code, a.side, b.balance_minor"
        " HAVING b.balance_minor <> coalesce(sum(p.amount_minor), 0) OR b.balance_minor * a.side < 0"
    ),
)
Invariant(
    name="clearing.client_money_is_owed",
    promise=1,
    statement=(
        "The client account holds all that is owed to participants, whatever others owe the market, and what the"
        " operator has earned, or keeps as its reserve, and not taken out; the clearing control account is zero."
    ),
    guards=(
        "clearing_posting.entries_balance",
        "clearing_balance.balance_within_funds",
        "clearing_account.account_once",
    ),
    test=f"{_GUARDS}::test_a_participant_cannot_spend_what_it_does_not_have",
    check=by_query(
        "SELECT * FROM (SELECT p.currency, sum(p.amount_minor) AS total,"  # noqa: S608  the kinds are our own words
        "  coalesce(sum(p.amount_minor) FILTER (WHERE a.kind = 'settlement'), 0) AS control,"
        "  coalesce(sum(p.amount_minor) FILTER (WHERE a.kind = 'bank_client'), 0) AS covered,"
        f"  -coalesce(sum(p.amount_minor) FILTER (WHERE a.kind IN ({_OWED})), 0) AS owed"
        "  FROM clearing_posting p JOIN clearing_account a ON a.id = p.account_id GROUP BY p.currency) sums"
        " WHERE total <> 0 OR control <> 0 OR owed > covered"
    ),
)
Invariant(
    name="clearing.client_account_agrees_with_bank",
    promise=1,
    statement="The client account in the ledger is the sum of the bank's bookings, each posted once.",
    guards=(
        "clearing_bankentry.append_only",
        "clearing_bankentry.bank_entry_match",
        "clearing_entry.entry_reference_once",
        "clearing_bankentry.clearing_bankentry_entry_reference_key",
    ),
    test=f"{_GUARDS}::test_a_booking_is_recorded_and_posted_once",
    check=by_query(
        "SELECT a.currency, coalesce(b.booked, 0) AS booked, coalesce(sum(p.amount_minor), 0) AS posted"
        " FROM clearing_account a LEFT JOIN clearing_posting p ON p.account_id = a.id"
        " LEFT JOIN (SELECT currency, sum(CASE direction WHEN 'credit' THEN amount_minor ELSE -amount_minor END)"
        "  AS booked FROM clearing_bankentry GROUP BY currency) b ON b.currency = a.currency"
        " WHERE a.kind = 'bank_client' GROUP BY a.currency, b.booked"
        " HAVING coalesce(b.booked, 0) <> coalesce(sum(p.amount_minor), 0)"
    ),
)
