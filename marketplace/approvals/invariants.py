"""Invariants of approvals. Who the two people are, and what they held, is an invariant of participants."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query, declare_readable

Invariant(
    name="approvals.by_two_people",
    promise=9,
    statement="An approved command has two who gave it, the second a person and another, in time, and both are in the evidence.",
    guards=(
        "approvals_approval.state_guard",
        "approvals_approval.immutable",
        "approvals_approval.set_once",
        "approvals_approval.no_delete",
        "approvals_approval.dated_now",
        "approvals_approval.set_now",
        "approvals_approval.approval_asked_once",
        "approvals_approval.approval_two_people",
        "approvals_approval.approval_ended_when",
        "approvals_approval.approval_of_what",
    ),
    test="tests/approvals/test_guards.py::test_one_person_cannot_be_both",
    check=by_query(
        "SELECT a.public_id, a.first_person, a.ended_by FROM approvals_approval a WHERE a.state = 'approved' AND"
        " (a.ended_by IS NULL OR a.ended_by IN (a.first_person, a.first_responsible) OR NOT starts_with(a.ended_by, 'usr_')"
        "  OR a.ended_at >= a.expires_at"
        "  OR NOT EXISTS (SELECT FROM evidence_evidencerecord e WHERE e.subject = a.public_id"
        "   AND e.kind = 'approvals.asked' AND e.actor = a.first_person)"
        "  OR NOT EXISTS (SELECT FROM evidence_evidencerecord e WHERE e.subject = a.public_id"
        "   AND e.kind = 'approvals.approved' AND e.actor = a.ended_by))"
    ),
)

declare_readable("approvals")
