"""What always holds of payments."""

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
    name="clearing.large_amounts_by_two_people",
    promise=1,
    statement="A command on a large amount that was approved has two different people, and both are in evidence.",
    guards=(
        "clearing_approval.state_guard",
        "clearing_approval.immutable",
        "clearing_approval.set_once",
        "clearing_approval.no_delete",
        "clearing_approval.approval_pending_once",
        "clearing_approval.approval_two_people",
        "clearing_approval.approval_ended_when",
    ),
    test="tests/clearing/test_approvals.py::test_one_person_cannot_be_both",
    check=by_query(
        "SELECT a.public_id, a.first_person, a.ended_by FROM clearing_approval a WHERE a.state = 'approved' AND"
        " (a.ended_by IS NULL OR a.ended_by = a.first_person OR a.ended_at >= a.expires_at"
        "  OR NOT EXISTS (SELECT FROM evidence_evidencerecord e WHERE e.subject = a.public_id"
        "   AND e.kind = 'clearing.approval_asked' AND e.actor = a.first_person)"
        "  OR NOT EXISTS (SELECT FROM evidence_evidencerecord e WHERE e.subject = a.public_id"
        "   AND e.kind = 'clearing.approval_approved' AND e.actor = a.ended_by))"
    ),
)
