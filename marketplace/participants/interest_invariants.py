"""Invariants of declared interests."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query
from marketplace.kernel.permissions import Permission

from .acting import acted_at, holders
from .interest_guards import ends_interests, left_too_few, recused_then
from .recusal_records import recorded_by_related

_STAFF = holders(Permission.OPERATOR_READ)
_ADMITS = holders(Permission.ADMISSION_WRITE)


def _related(person: str) -> str:
    return recused_then(person, "i.organisation_id", "i.ended_at", alias="earlier")


Invariant(
    name="participants.interests_kept",
    promise=5,
    statement=(
        "An interest is of a person of the operator in a participant; whoever stated it of a colleague left two others to decide;"
        " two others ended it who had none there."
    ),
    guards=(
        "participants_staffinterest.interest_in_participant",
        "participants_staffinterest.interest_of_staff",
        "participants_staffinterest.declared_by_staff",
        "participants_staffinterest.declared_of_colleague",
        "participants_staffinterest.deciders_left",
        "participants_staffinterest.recused",
        "participants_staffinterest.ended_by_staff",
        "participants_staffinterest.interest_ended_by_two",
        "participants_staffinterest.interest_of_what",
        "participants_staffinterest.interest_stated_once",
        "participants_staffinterest.immutable",
        "participants_staffinterest.set_once",
        "participants_staffinterest.set_now",
        "participants_staffinterest.dated_now",
        "participants_staffinterest.no_delete",
    ),
    test="tests/participants/test_interests.py::test_the_database_keeps_interests",
    check=by_query(
        "SELECT i.public_id, i.person FROM participants_staffinterest i JOIN participants_organisation n"  # noqa: S608
        "  ON n.id = i.organisation_id WHERE n.is_operator"
        f"  OR NOT {acted_at('i.person', 'i.declared_at', holds=_STAFF)}"
        f"  OR i.declared_by <> i.person AND NOT {acted_at('i.declared_by', 'i.declared_at', holds=_ADMITS)}"
        "  OR i.ended_by IN (i.person, i.end_first_person) OR i.end_first_person = i.person"
        f"  OR i.declared_by <> i.person AND ({left_too_few('i.person', 'i.declared_by', 'i.organisation_id', 'i.declared_at')})"
        f"  OR i.ended_at IS NOT NULL AND NOT ({ends_interests('i.ended_by', 'i.ended_at')}"
        f"   AND {ends_interests('i.end_first_person', 'i.ended_at')})"
        f"  OR i.ended_at IS NOT NULL AND ({_related('i.ended_by')} OR {_related('i.end_first_person')})"
    ),
)
Invariant(
    name="participants.recused_from_suspensions",
    promise=5,
    statement="Nobody suspended or reinstated an organisation in which it had declared an interest that stood.",
    guards=("participants_suspension.recused", "participants_reinstatement.recused"),
    test="tests/participants/test_interests.py::test_the_database_recuses_who_declared_an_interest",
    check=by_query(
        "SELECT s.public_id, s.suspended_by AS person FROM participants_suspension s"  # noqa: S608  our own words
        f" WHERE {recused_then('s.suspended_by', 's.organisation_id', 's.suspended_at')}"
        " UNION ALL SELECT s.public_id, p.person FROM participants_reinstatement r"
        "  JOIN participants_suspension s ON s.id = r.suspension_id"
        "  CROSS JOIN LATERAL (VALUES (r.first_person), (r.reinstated_by)) AS p (person)"
        f" WHERE {recused_then('p.person', 'r.organisation_id', 'r.reinstated_at')}"
    ),
)
Invariant(
    name="participants.recorded_by_unrelated",
    promise=5,
    statement="Nobody of the operator decided anything about a participant, as records say, in which it had declared an interest.",
    guards=("evidence_evidencerecord.recorded_by_unrelated",),
    test="tests/participants/test_recusals.py::test_the_database_recuses_whoever_decides_by_its_record",
    check=by_query(recorded_by_related()),
)
