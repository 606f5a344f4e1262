"""What always holds of payments and invoices."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

_GUARDS = "tests/clearing/test_guards.py"

Invariant(
    name="clearing.payments_known_by_the_bank",
    promise=4,
    statement="A payment is confirmed by one booking of its amount, and failed only by the bank's own word.",
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
    test=f"{_GUARDS}::test_a_payment_on_its_way_is_not_planned_twice",
    check=by_query(
        "SELECT i.reference, i.state, count(b.id) AS bookings FROM clearing_settlementinstruction i"
        " LEFT JOIN clearing_bankentry b ON b.instruction_id = i.id AND b.match = 'settlement'"
        "  AND b.amount_minor = i.amount_minor AND b.currency = i.currency GROUP BY i.id"
        " HAVING (i.state = 'confirmed') <> (count(b.id) = 1)"
        "  AND NOT (i.state = 'failed' AND i.confirmed_at IS NOT NULL)"
        " UNION ALL SELECT i.reference, i.state, 0 FROM clearing_settlementinstruction i"
        "  WHERE i.state = 'failed' AND i.failure_reason = ''"
    ),
)
Invariant(
    name="clearing.invoices_gross_and_gapless",
    promise=7,
    statement="An issuer's invoices are numbered without a gap, and each sale of a settling cycle has one.",
    guards=(
        "clearing_invoice.numbers_without_gap",
        "clearing_invoice.invoice_sequence_once",
        "clearing_invoice.invoice_of_fees_once",
        "clearing_invoice.invoice_of_what",
        "clearing_invoice.invoice_total",
        "clearing_invoice.append_only",
    ),
    test=f"{_GUARDS}::test_a_gap_in_invoice_numbers_is_refused",
    check=by_query(
        "SELECT issuer_id::text AS subject, count(*) AS found, max(sequence)::bigint AS wanted FROM clearing_invoice"
        " GROUP BY issuer_id HAVING count(*) <> max(sequence)"
        " UNION ALL SELECT c.business_key, count(i.id), count(o.id) FROM clearing_cycle c"
        "  JOIN clearing_obligation o ON o.cycle_id = c.id AND o.kind NOT IN ('fee', 'fee_refund', 'share')"
        "   AND o.carried_from_id IS NULL"
        "  LEFT JOIN clearing_invoice i ON i.obligation_id = o.id"
        "  WHERE c.state IN ('settling', 'settled', 'partial') GROUP BY c.id HAVING count(i.id) <> count(o.id)"
    ),
)
