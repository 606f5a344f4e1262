"""Invariants of bank entries against the ledger and settlement instructions."""

from __future__ import annotations

from typing import Any

from django.db import connection

from marketplace.kernel.invariants import Invariant, by_query
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_at, holders
from marketplace.rules.parameters import PARAMETERS

from .causes import OF_BANK, OF_FILE
from .guards import CARRIED_OUT, WRONGLY_DATED
from .importing import follows_on


def _statements_with_gaps() -> list[dict[str, Any]]:
    """Statements that do not begin on the last day of the one before or on the next business day of the bank."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT public_id, before, opening_on FROM (SELECT public_id, opening_on,"
            "  lag(closing_on) OVER (PARTITION BY currency ORDER BY number) AS before FROM clearing_bankstatement) s"
            " WHERE opening_on <> before AND opening_on <> before + 1"
        )
        rows = cursor.fetchall()
    return [
        {"statement": public_id, "before": before, "opening_on": opening_on}
        for public_id, before, opening_on in rows
        if not follows_on(before, opening_on)
    ]


_broken_chain = by_query(
    "SELECT s.public_id, s.number, s.opening_balance_minor, s.closing_balance_minor, f.entries_minor FROM (SELECT *,"
    "  lag(closing_balance_minor, 1, 0::bigint) OVER in_order AS before_minor, lag(closing_on) OVER in_order AS before_on,"
    "  row_number() OVER in_order AS place FROM clearing_bankstatement"
    "  WINDOW in_order AS (PARTITION BY currency ORDER BY number)) s"
    " CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE direction = 'credit') AS credits,"
    "  count(*) FILTER (WHERE direction = 'debit') AS debits,"
    "  coalesce(sum(amount_minor) FILTER (WHERE direction = 'credit'), 0) AS credits_minor,"
    "  coalesce(sum(amount_minor) FILTER (WHERE direction = 'debit'), 0) AS debits_minor,"
    "  coalesce(sum(CASE direction WHEN 'credit' THEN amount_minor ELSE -amount_minor END), 0) AS entries_minor,"
    "  coalesce(bool_and(e.currency = s.currency AND e.booked_on BETWEEN s.opening_on AND s.closing_on), true) AS within"
    "  FROM clearing_bankentry e WHERE e.statement_id = s.id) f"
    " WHERE s.number <> s.place OR s.opening_balance_minor <> s.before_minor OR s.opening_on < s.before_on"
    "  OR s.closing_balance_minor <> s.opening_balance_minor + f.entries_minor OR NOT f.within"
    "  OR (s.credits, s.debits, s.credits_minor, s.debits_minor)"
    "   IS DISTINCT FROM (f.credits, f.debits, f.credits_minor, f.debits_minor)"
)

_not_posted = by_query(
    "SELECT 'bank:' || b.public_id AS reference FROM clearing_bankentry b WHERE b.match <> 'transfer_file'"  # noqa: S608
    " AND NOT EXISTS (SELECT FROM clearing_entry e WHERE e.reference = 'bank:' || b.public_id)"
    " UNION ALL SELECT 'bank:' || b.public_id || ':' || i.public_id FROM clearing_bankentry b"
    f" JOIN clearing_settlementinstruction i ON {OF_FILE} WHERE b.match = 'transfer_file' AND NOT EXISTS ("
    "  SELECT FROM clearing_entry e WHERE e.reference = 'bank:' || b.public_id || ':' || i.public_id)"
    " UNION ALL SELECT 'allocation:' || b.public_id FROM clearing_bankallocation d"
    " JOIN clearing_bankentry b ON b.id = d.bank_entry_id"
    " WHERE NOT EXISTS (SELECT FROM clearing_entry e WHERE e.reference = 'allocation:' || b.public_id)"
    " UNION ALL SELECT 'debit:' || b.public_id FROM clearing_debitbooking d"
    " JOIN clearing_bankentry b ON b.id = d.bank_entry_id"
    " WHERE NOT EXISTS (SELECT FROM clearing_entry e WHERE e.reference = 'debit:' || b.public_id)"
    " UNION ALL SELECT 'recoupment:' || b.public_id FROM clearing_recoupment d"
    " JOIN clearing_bankentry b ON b.id = d.bank_entry_id AND b.match = 'unallocated'"
    " WHERE NOT EXISTS (SELECT FROM clearing_entry e WHERE e.reference = 'recoupment:' || b.public_id)"
)

Invariant(
    name="clearing.client_account_agrees_with_bank",
    promise=1,
    statement="The client account in the ledger is the sum of the bank entries, each posted once.",
    guards=(
        "clearing_bankentry.append_only",
        "clearing_bankentry.bank_entry_match",
        "clearing_entry.entry_reference_once",
        "clearing_bankentry.bank_entry_reference_once",
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
    name="clearing.money_follows_from_bank_entries",
    promise=1,
    statement=(
        "Each bank entry is posted once, as what it was recognised as, to its owner and with its amount; suspense goes"
        " where it was decided, and a claim is collected only from its debtor's own receipt."
    ),
    guards=(
        "clearing_entry.caused_by_bank_entry",
        "clearing_entry.caused_by_allocation",
        "clearing_entry.caused_by_receipt",
        "clearing_entry.caused_by_debit",
        "clearing_entry.caused_by_return",
        "clearing_entry.append_only",
        "clearing_entry.entry_kind",
        "clearing_bankstatement.statement_has_entries",
        "clearing_bankallocation.append_only",
        "clearing_bankallocation.allocated_by_two",
    ),
    test="tests/clearing/ledger/test_causes.py::test_no_kind_of_entry_is_posted_without_its_cause",
    check=lambda: [*(breach for cause in OF_BANK for breach in cause.check()()), *_not_posted()],
)

Invariant(
    name="clearing.suspense_itemised",
    promise=1,
    statement=(
        "What is in suspense, each way, is the bank entries that nobody decided on; what came back before its debit is the"
        " returns whose debit is outstanding; what is reclaimed and borne as fees is the"
        " debits that two people booked so, less the receipts that returned them."
    ),
    guards=(
        "clearing_debitbooking.debit_booking_fits",
        "clearing_debitbooking.debit_booked_by_two",
        "clearing_debitbooking.debit_booking_of_what",
        "clearing_debitbooking.append_only",
        "clearing_recoupment.recoupment_fits",
        "clearing_recoupment.recoupment_by_two",
        "clearing_recoupment.append_only",
        "clearing_bankallocation.allocation_fits",
        "clearing_bankallocation.append_only",
        "clearing_balance.balance_within_funds",
    ),
    test="tests/clearing/bank/test_debits.py::test_what_is_in_suspense_is_itemised",
    check=by_query(
        "SELECT a.kind, a.currency, b.balance_minor, coalesce(items.minor, 0) AS items_minor FROM clearing_account a"
        " JOIN clearing_balance b ON b.account_id = a.id LEFT JOIN ("
        "  SELECT CASE e.direction WHEN 'credit' THEN 'unallocated' ELSE 'unexplained' END AS kind, e.currency,"
        "   sum(CASE e.direction WHEN 'credit' THEN -e.amount_minor ELSE e.amount_minor END) AS minor"
        "   FROM clearing_bankentry e WHERE e.match = 'unallocated'"
        "    AND NOT EXISTS (SELECT FROM clearing_bankallocation l WHERE l.bank_entry_id = e.id)"
        "    AND NOT EXISTS (SELECT FROM clearing_debitbooking d WHERE d.bank_entry_id = e.id)"
        "    AND NOT EXISTS (SELECT FROM clearing_recoupment r WHERE r.bank_entry_id = e.id) GROUP BY 1, 2"
        "  UNION ALL SELECT CASE d.booked_as WHEN 'bank_fee' THEN 'bank_charges' WHEN 'reclaimed' THEN 'bank_receivable'"
        "    ELSE 'payee_receivable' END, e.currency, sum(e.amount_minor - coalesce((SELECT sum(c.amount_minor)"
        "    FROM clearing_recoupment r JOIN clearing_bankentry c ON c.id = r.bank_entry_id WHERE r.debit_id = d.id), 0))"
        "   FROM clearing_debitbooking d JOIN clearing_bankentry e ON e.id = d.bank_entry_id GROUP BY 1, 2"
        "  UNION ALL SELECT 'early_return', e.currency, -sum(e.amount_minor) FROM clearing_bankentry e"
        "   JOIN clearing_settlementinstruction i ON i.id = e.instruction_id"
        "   WHERE e.match = 'returned' AND i.confirmed_at IS NULL GROUP BY 1, 2"
        " ) items ON items.kind = a.kind AND items.currency = a.currency"
        " WHERE a.kind IN ('unallocated', 'unexplained', 'bank_receivable', 'payee_receivable', 'bank_charges',"
        "  'early_return')"
        "  AND b.balance_minor <> coalesce(items.minor, 0)"
    ),
)

Invariant(
    name="clearing.debits_booked_by_two",
    promise=1,
    statement=(
        "Debits in suspense are booked and recouped by two people, whose evidence is recorded: a payment carried out twice"
        " was carried out otherwise, and no debit returns more than it was."
    ),
    guards=(
        "clearing_debitbooking.debit_booking_fits",
        "clearing_debitbooking.debit_booked_by_two",
        "clearing_debitbooking.within_operator_money",
        "clearing_recoupment.recoupment_fits",
        "clearing_recoupment.recoupment_by_two",
    ),
    test="tests/clearing/bank/test_debits.py::test_a_booking_by_one_person_or_of_another_entry_is_refused",
    check=by_query(
        "SELECT d.public_id, d.booked_as, e.public_id AS bank_entry FROM clearing_debitbooking d"
        " JOIN clearing_bankentry e ON e.id = d.bank_entry_id"
        " LEFT JOIN clearing_settlementinstruction i ON i.id = d.instruction_id"
        " WHERE d.first_person IN ('', d.decided_by) OR (e.direction, e.match) <> ('debit', 'unallocated')"
        "  OR d.booked_as = 'paid_twice' AND (i.amount_minor, i.currency, i.direction, i.organisation_id)"
        "   IS DISTINCT FROM (e.amount_minor, e.currency, 'out', d.organisation_id)"
        "  OR NOT EXISTS (SELECT FROM evidence_evidencerecord v WHERE v.subject = e.public_id"
        "   AND v.kind = 'clearing.debit_booked' AND v.actor = d.decided_by)"
        " UNION ALL SELECT d.public_id, d.booked_as, c.public_id FROM clearing_recoupment r"
        "  JOIN clearing_debitbooking d ON d.id = r.debit_id JOIN clearing_bankentry e ON e.id = d.bank_entry_id"
        "  JOIN clearing_bankentry c ON c.id = r.bank_entry_id"
        "  WHERE c.direction <> 'credit' OR c.currency <> e.currency OR d.booked_as = 'bank_fee'"
        "   OR NOT (c.match = 'unallocated' AND r.first_person NOT IN ('', r.decided_by)"
        "    OR c.match = 'recouped' AND c.instruction_id = d.instruction_id)"
        "   OR e.amount_minor < (SELECT sum(o.amount_minor) FROM clearing_recoupment s"
        "    JOIN clearing_bankentry o ON o.id = s.bank_entry_id WHERE s.debit_id = d.id)"
    ),
)

Invariant(
    name="clearing.payments_known_by_the_bank",
    promise=4,
    statement=(
        "A payment is confirmed by one bank entry of its amount, or by that of its whole transfer file, and failed only on"
        " notice from the bank or by its return; the debit of a file is the total of the payments that it carried out."
    ),
    guards=(
        "clearing_settlementinstruction.state_guard",
        "clearing_settlementinstruction.immutable",
        "clearing_settlementinstruction.set_once",
        "clearing_settlementinstruction.no_delete",
        "clearing_settlementinstruction.instruction_one_alive",
        "clearing_settlementinstruction.instruction_confirmed_when",
        "clearing_settlementinstruction.instruction_failed_when",
        "clearing_bankentry.bank_entry_settles_once",
        "clearing_bankentry.bank_entry_debits_file_once",
        "clearing_bankentry.bank_entry_of_file",
        "clearing_bankentry.file_debit_fits",
    ),
    test="tests/clearing/settlement/test_guards.py::test_a_payment_on_its_way_is_not_planned_twice",
    check=by_query(
        "SELECT i.reference, i.state, count(b.id) AS bank_entries FROM clearing_settlementinstruction i"  # noqa: S608  our own words
        " LEFT JOIN clearing_bankentry f ON f.transfer_file_id = i.transfer_file_id AND i.confirmed_at IS NOT NULL"
        " LEFT JOIN clearing_bankentry b ON b.instruction_id = i.id AND b.match = 'settlement'"
        "  AND b.amount_minor = i.amount_minor AND b.currency = i.currency GROUP BY i.id, f.id"
        " HAVING (i.state = 'confirmed') <> (count(b.id) = 1 OR f.id IS NOT NULL)"
        "  AND NOT (i.state = 'failed' AND i.confirmed_at IS NOT NULL)"
        "  OR i.confirmed_at IS NOT NULL AND count(b.id) = 0 AND f.id IS NULL"
        " UNION ALL SELECT f.public_id, 'transfer_file', 0 FROM clearing_bankentry f WHERE f.match = 'transfer_file'"
        f"  AND f.amount_minor IS DISTINCT FROM ({CARRIED_OUT.format(entry='f')})"
        " UNION ALL SELECT i.reference, i.state, 0 FROM clearing_settlementinstruction i"
        "  WHERE i.state = 'failed' AND i.failure_reason = ''"
    ),
)

Invariant(
    name="clearing.statements_continue",
    promise=1,
    statement=(
        "Bank statements of a currency continue each other from nothing: each opens with the closing balance before it,"
        " on that day or the bank's next, and closes with what its entries come to."
    ),
    guards=(
        "clearing_bankstatement.append_only",
        "clearing_bankstatement.continues_last",
        "clearing_bankstatement.statement_has_entries",
        "clearing_bankstatement.bank_statement_number_once",
        "clearing_bankstatement.bank_statement_adds_up",
        "clearing_bankstatement.bank_statement_period",
        "clearing_bankstatement.bank_statement_closing_day",
        "clearing_bankentry.entries_add_up",
    ),
    test="tests/clearing/bank/test_guards.py::test_a_statement_that_does_not_continue_is_refused",
    check=lambda: _broken_chain() + _statements_with_gaps(),
)

Invariant(
    name="clearing.large_receipts_confirmed",
    promise=1,
    statement=(
        "Receipts of a day that reach the limit for one person were confirmed by a second person, by the hash and closing"
        " balance of the imported file."
    ),
    guards=(
        "clearing_bankstatement.large_receipts_confirmed",
        "clearing_bankstatement.bank_statement_import_day",
        "clearing_statementconfirmation.confirmed_by_another",
        "clearing_statementconfirmation.statement_confirmed_by_person",
        "clearing_statementconfirmation.append_only",
        "clearing_statementimport.state_guard",
        "clearing_statementimport.statement_import_once",
        "clearing_unconfirmedreceipt.append_only",
    ),
    test="tests/clearing/bank/test_guards.py::test_large_receipts_are_not_imported_without_a_second_person",
    check=by_query(
        (
            "SELECT s.public_id, s.credits_minor, NULL AS confirmed_by FROM (SELECT *, sum(credits_minor) OVER (PARTITION BY"
            "  currency, imported_on ORDER BY number) AS total_minor FROM clearing_bankstatement"
            "  WHERE confirmation_id IS NULL) s WHERE s.credits_minor > 0 AND s.total_minor >= coalesce((SELECT"
            "  (r.document -> 'parameters' ->> 'second_person_minor')::numeric FROM rules_rulebook r"
            "  WHERE r.effective_from <= s.imported_at ORDER BY r.number DESC LIMIT 1),"
            " {LIMIT_DEFAULT})"
            " UNION ALL SELECT s.public_id, s.credits_minor, c.confirmed_by FROM clearing_statementconfirmation c"
            "  JOIN clearing_statementimport i ON i.id = c.statement_import_id"
            "  JOIN clearing_bankstatement s ON s.confirmation_id = c.id OR s.id = i.statement_id"
            "  WHERE c.confirmed_by IN (i.received_by, i.received_responsible, s.imported_by) OR NOT starts_with(c.confirmed_by, 'usr_')"
            "   OR c.sha256 <> s.sha256 OR i.sha256 <> s.sha256"
            "   OR c.closing_balance_minor <> s.closing_balance_minor"
            "   OR NOT EXISTS (SELECT FROM evidence_evidencerecord e WHERE e.subject = i.public_id"
            "    AND e.kind = 'clearing.statement_confirmed' AND e.actor = c.confirmed_by)"
        ).replace("{LIMIT_DEFAULT}", str(PARAMETERS["second_person_minor"].default))
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

Invariant(
    name="clearing.value_dates_are_the_banks",
    promise=1,
    statement="A journal entry that a bank entry caused has the bank's booking date as its value date; no other has one.",
    guards=(
        "clearing_bankstatement.entries_value_dated",
        "clearing_entry.entry_value_date",
        "clearing_entry.append_only",
    ),
    test="tests/clearing/bank/test_value_dates.py::test_another_value_date_is_refused_and_named",
    check=by_query(
        f"SELECT b.public_id, b.booked_on, NULL::date AS value_date FROM clearing_bankentry b WHERE ({WRONGLY_DATED})"  # noqa: S608  our own words
        " UNION ALL SELECT e.public_id, e.business_date, e.value_date FROM clearing_entry e"
        "  WHERE e.value_date IS NOT NULL AND e.reference NOT LIKE 'bank:%'"
    ),
)

_HOLDS = holders(Permission.CLEARING_WRITE)
_DECIDED = {
    "clearing_debitbooking": ("decided_by", "first_person", "decided_at"),
    "clearing_feewriteoff": ("decided_by", "first_person", "decided_at"),
    "clearing_recoupment": ("decided_by", "first_person", "decided_at"),
    "clearing_sendingopening": ("opened_by", "first_person", "opened_at"),
    "clearing_statementconfirmation": ("confirmed_by", "confirmed_by", "confirmed_at"),
    "clearing_taxrelief": ("decided_by", "first_person", "decided_at"),
}
"""Tables that name two people, the second, the first and the moment; what one decided alone names no first."""


def _by_others(table: str, second: str, first: str, moment: str) -> str:
    """The query of a table's rows of which one of the two was no person of the operator with the role."""
    acted = (acted_at(f"d.{person}", f"d.{moment}", holds=_HOLDS) for person in (second, first))
    return (
        f"SELECT '{table}' AS decision, d.id, d.{first} AS first_person, d.{second} AS second_person FROM {table} d"  # noqa: S608  our own words
        f" WHERE d.{first} <> '' AND NOT ({' AND '.join(acted)})"
    )


Invariant(
    name="clearing.decided_by_natural_persons",
    promise=9,
    statement="Each of the two people who decided about money was, at that moment, a natural person of the operator who clears.",
    guards=tuple(f"{table}.acted_by_person" for table in _DECIDED),
    test="tests/clearing/bank/test_guards.py::test_made_up_people_decide_nothing",
    check=by_query(" UNION ALL ".join(_by_others(table, *columns) for table, columns in _DECIDED.items())),
)
