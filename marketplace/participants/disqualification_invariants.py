"""Invariants of disqualifications."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from .interest_guards import decided_unrelated

Invariant(
    name="participants.disqualified_by_two_for_a_term",
    promise=5,
    statement=(
        "A participant or an officer of it was disqualified by two people of the operator without an interest in it, for a term that"
        " ended by two such people or after its last day."
    ),
    guards=(
        "participants_disqualification.disqualified_for_a_term",
        "participants_disqualification.disqualified_on_a_ground_once",
        "participants_disqualification.disqualification_of_what",
        "participants_disqualification.disqualification_by_two",
        "participants_disqualification.disqualified_by_staff",
        "participants_disqualification.ended_by_staff",
        "participants_disqualification.recused",
        "participants_disqualification.immutable",
        "participants_disqualification.set_once",
        "participants_disqualification.set_now",
        "participants_disqualification.dated_now",
        "participants_disqualification.no_delete",
    ),
    test="tests/participants/test_disqualifications.py::test_the_database_keeps_disqualifications",
    check=by_query(
        "SELECT d.public_id, d.stated_by FROM participants_disqualification d"  # noqa: S608  our own words
        " JOIN participants_organisation o ON o.id = d.organisation_id"
        f" WHERE o.is_operator OR NOT {decided_unrelated('d.stated_by', 'd.organisation_id', 'd.stated_at')}"
        f"  OR NOT {decided_unrelated('d.first_person', 'd.organisation_id', 'd.stated_at')} OR d.stated_by = d.first_person"
        "  OR d.ended_at IS NOT NULL AND d.ended_by IS NULL"
        "   AND d.until >= (d.ended_at AT TIME ZONE 'Asia/Tokyo')::date"
        f"  OR d.ended_by IS NOT NULL AND (d.ended_by = d.end_first_person OR NOT {decided_unrelated('d.ended_by', 'd.organisation_id', 'd.ended_at')}"
        f"   OR NOT {decided_unrelated('d.end_first_person', 'd.organisation_id', 'd.ended_at')})"
    ),
)
