"""Invariants of relations between organisations."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query
from marketplace.kernel.permissions import Permission

from .acting import acted_at, holders
from .interest_guards import recused_then
from .relation_guards import TO_OPERATOR

_ADMITS = holders(Permission.ADMISSION_WRITE)
_OWN = acted_at(
    "r.stated_by",
    "r.stated_at",
    holds=holders(Permission.ORGANISATION_WRITE),
    organisation="o.id = r.organisation_id",
)
_RECUSED = " OR ".join(
    recused_then(f"r.{person}", f"r.{organisation}", f"r.{moment}")
    for moment, people in (
        ("stated_at", ("stated_by", "first_person")),
        ("ended_at", ("ended_by", "end_first_person")),
    )
    for person in people
    for organisation in ("organisation_id", "related_id")
)

Invariant(
    name="participants.relations_stated_and_ended_rightly",
    promise=5,
    statement=(
        "A relation was declared by a person of the organisation or found by one of the operator, and ended by two of the"
        " operator; that the operator found one to itself was stated by two, with evidence; none of them had an interest in"
        " either; who is related to the operator"
        " is its affiliate, and nobody else."
    ),
    guards=(
        "participants_organisationrelation.relation_stated_rightly",
        "participants_organisationrelation.related_to_operator",
        "participants_organisation.affiliate_by_relation",
        "participants_organisationrelation.relation_of_two",
        "participants_organisationrelation.relation_stated_once",
        "participants_organisationrelation.relation_ended_by_two",
        "participants_organisationrelation.ended_by_staff",
        "participants_organisationrelation.recused",
        "participants_organisationrelation.related_recused",
        "participants_organisationrelation.immutable",
        "participants_organisationrelation.set_once",
        "participants_organisationrelation.set_now",
        "participants_organisationrelation.dated_now",
        "participants_organisationrelation.no_delete",
    ),
    test="tests/participants/test_relations.py::test_the_database_keeps_relations",
    check=by_query(
        "SELECT r.public_id, r.stated_by FROM participants_organisationrelation r"  # noqa: S608  our own words
        f" WHERE NOT CASE r.source WHEN 'declared' THEN {_OWN}"
        f"  ELSE {acted_at('r.stated_by', 'r.stated_at', holds=_ADMITS)} END"
        "  OR r.source = 'found' AND r.related_id IN (SELECT t.id FROM participants_organisation t WHERE t.is_operator)"
        "   AND (r.document_sha256 = '' OR r.first_person = r.stated_by"
        f"    OR NOT {acted_at('r.first_person', 'r.stated_at', holds=_ADMITS)})"
        f"  OR r.ended_by = r.end_first_person OR {_RECUSED}"
        f"  OR r.ended_at IS NOT NULL AND NOT ({acted_at('r.ended_by', 'r.ended_at', holds=_ADMITS)}"
        f"   AND {acted_at('r.end_first_person', 'r.ended_at', holds=_ADMITS)})"
        " UNION ALL SELECT o.public_id, '' FROM participants_organisation o"
        f"  WHERE o.operator_affiliate <> {TO_OPERATOR.replace('public.', '')}"
    ),
)

Invariant(
    name="participants.affiliates_run_no_witness",
    promise=5,
    statement="No affiliate of the operator has a live witness of the evidence log.",
    guards=(
        "participants_organisation.affiliate_without_witness",
        "evidence_witness.witness_of_affiliate",
        "evidence_witness.witness_by_right",
    ),
    test="tests/evidence/test_affiliated_witnesses.py::test_a_live_witness_of_an_affiliate_is_refused_and_named",
    check=by_query(
        "SELECT w.public_id, w.organisation FROM evidence_witness w"
        "  JOIN participants_organisation o ON o.public_id = w.organisation"
        " WHERE o.operator_affiliate AND w.until IS NULL"
    ),
)
