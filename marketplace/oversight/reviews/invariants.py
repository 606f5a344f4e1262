"""Invariants of reviews."""

from __future__ import annotations

from typing import Any

from marketplace.kernel.invariants import Invariant, by_query
from marketplace.participants.interest_guards import recused_then

from ..acting import acted_for
from .models import STAFF, Review

Invariant(
    name="oversight.reviews_by_people",
    promise=9,
    statement="A review is closed by a person of the operator with a reason, and kept from its parties by two, for a time; by nobody with an interest in one.",
    guards=(
        "oversight_review.closed_by_staff",
        "oversight_review.recused",
        "oversight_review.review_closed",
        "oversight_review.review_sealed_by_two",
        "oversight_review.closed_once",
        "oversight_review.immutable",
        "oversight_review.set_once",
        "oversight_review.set_now",
        "oversight_review.no_delete",
        "oversight_review.dated_now",
        "oversight_review.review_stated",
    ),
    test="tests/oversight/test_reviews.py::test_the_database_refuses_to_close_a_review_for_a_person",
    check=by_query(
        "SELECT r.public_id, r.closed_by FROM oversight_review r WHERE r.closed_at IS NOT NULL"  # noqa: S608  our own words
        f" AND (NOT {acted_for('r.closed_by', 'r.closed_at', (STAFF,))}"
        " OR r.sealed_until IS NOT NULL AND (r.closed_first = r.closed_by"
        f"  OR NOT {acted_for('r.closed_first', 'r.closed_at', (STAFF,))}))"
        " UNION ALL SELECT r.public_id, r.closed_by FROM oversight_review r"
        "  JOIN participants_organisation o ON o.public_id = ANY (r.parties)"
        f" WHERE {recused_then('r.closed_by', 'o.id', 'r.closed_at')}"
        f"  OR {recused_then('r.closed_first', 'o.id', 'r.closed_at')}"
    ),
)
Invariant(
    name="oversight.reviews_attended",
    promise=10,
    statement="An open review has a task of the operator; the parties of a closed one are told, within a day after its seal.",
    guards=("oversight_review.review_open_once", "oversight_review.review_closed"),
    test="tests/oversight/test_reviews.py::test_a_review_without_a_task_is_named",
    check=by_query(
        "SELECT r.public_id FROM oversight_review r WHERE r.closed_at IS NULL AND NOT EXISTS ("
        "  SELECT FROM notices_task t WHERE t.kind = 'look_into' AND t.state = 'open' AND t.subject = r.public_id)"
        " OR r.closed_at IS NOT NULL AND r.told_at IS NULL"
        "  AND coalesce(r.sealed_until, '-infinity') < business_now() - interval '1 day'"
    ),
)


def _uncommitted() -> list[dict[str, Any]]:
    """Reviews whose commitment is not over the facts."""
    rows = Review.objects.order_by("pk").iterator(500)
    return [{"review": row.public_id} for row in rows if row.commitment != row.digest_of_facts()]


Invariant(
    name="oversight.reviews_committed",
    promise=9,
    statement="The commitment of a review in evidence is over the facts that it shows.",
    guards=(
        "oversight_review.immutable",
        "oversight_seenagreement.append_only",
        "oversight_seenagreement.dated_now",
        "oversight_seennegotiation.append_only",
        "oversight_seennegotiation.dated_now",
        "oversight_seennegotiation.seen_ended_by",
    ),
    test="tests/oversight/test_reviews.py::test_the_facts_of_a_review_do_not_change",
    check=_uncommitted,
)
