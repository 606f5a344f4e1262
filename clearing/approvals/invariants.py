"""Invariants of approvals by a second person."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

Invariant(
    name="clearing.large_amounts_by_two_people",
    promise=1,
    statement="An approved command on a large amount has two different people, both in the evidence.",
    guards=(
        "clearing_approval.state_guard",
        "clearing_approval.immutable",
        "clearing_approval.set_once",
        "clearing_approval.no_delete",
        "clearing_approval.approval_pending_once",
        "clearing_approval.approval_two_people",
        "clearing_approval.approval_ended_when",
    ),
    test="tests/clearing/approvals/test_services.py::test_one_person_cannot_be_both",
    check=by_query(
        "SELECT a.public_id, a.first_person, a.ended_by FROM clearing_approval a WHERE a.state = 'approved' AND"
        " (a.ended_by IS NULL OR a.ended_by = a.first_person OR a.ended_at >= a.expires_at"
        "  OR NOT EXISTS (SELECT FROM evidence_evidencerecord e WHERE e.subject = a.public_id"
        "   AND e.kind = 'clearing.approval_asked' AND e.actor = a.first_person)"
        "  OR NOT EXISTS (SELECT FROM evidence_evidencerecord e WHERE e.subject = a.public_id"
        "   AND e.kind = 'clearing.approval_approved' AND e.actor = a.ended_by))"
    ),
)
