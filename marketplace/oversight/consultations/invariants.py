"""Invariants of the consultation desk."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query
from marketplace.participants.interest_guards import recused_then

from ..acting import acted_for
from .models import MEMBER, STAFF

Invariant(
    name="oversight.consultation_people",
    promise=9,
    statement="A question is put by a person of its participant, and answered by staff without an interest in it; what binds the operator, by two people.",
    guards=(
        "oversight_consultation.asked_by_member",
        "oversight_consultation.answered_by_staff",
        "oversight_consultation.recused",
        "oversight_consultation.consultation_bound_by_two",
        "oversight_consultation.consultation_answered",
        "oversight_consultation.answered_once",
        "oversight_consultation.immutable",
        "oversight_consultation.no_delete",
        "oversight_consultation.dated_now",
        "oversight_consultation.set_now",
        "oversight_consultation.follows_own",
        "oversight_consultation.commitment_over",
        "oversight_consultation.answer_commitment_over",
    ),
    test="tests/oversight/test_consultations.py::test_the_database_refuses_what_nobody_may_answer",
    check=by_query(
        "SELECT c.public_id, c.asked_by, c.answered_by FROM oversight_consultation c"  # noqa: S608  our own words
        f" WHERE NOT {acted_for('c.asked_by', 'c.asked_at', (MEMBER,), organisation='o.id = c.organisation_id')}"
        f" OR c.answered_at IS NOT NULL AND NOT {acted_for('c.answered_by', 'c.answered_at', (STAFF,))}"
        " OR c.is_binding AND (c.first_person = c.answered_by"
        f" OR NOT {acted_for('c.first_person', 'c.answered_at', (STAFF,))})"
        f" OR {recused_then('c.answered_by', 'c.organisation_id', 'c.answered_at')}"
        f" OR {recused_then('c.first_person', 'c.organisation_id', 'c.answered_at')}"
    ),
)
Invariant(
    name="oversight.consultations_attended",
    promise=10,
    statement="A question that waits for an answer has a task of the operator with its deadline.",
    guards=("oversight_consultation.consultation_stated", "oversight_consultation.consultation_answered"),
    test="tests/oversight/test_consultations.py::test_a_question_without_a_task_is_named",
    check=by_query(
        "SELECT c.public_id FROM oversight_consultation c WHERE c.answered_at IS NULL AND c.withdrawn_at IS NULL"
        " AND NOT EXISTS (SELECT FROM notices_task t WHERE t.kind = 'consult' AND t.state = 'open'"
        "  AND t.subject = c.public_id)"
    ),
)
