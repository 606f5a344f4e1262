"""Invariants of admissions that end, and of their conditions."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

_ENDED = """
    SELECT a.public_id, a.state FROM participants_admission a WHERE a.expires_on IS NOT NULL AND a.decided_at IS NULL
        OR a.state = 'expired' AND (a.expires_on IS NULL
            OR a.expires_on >= (public.business_now() AT TIME ZONE 'Asia/Tokyo')::date)
        OR a.state = 'lapsed' AND NOT EXISTS (
            SELECT FROM participants_admissioncondition c WHERE c.admission_id = a.id AND NOT c.is_met)
        OR a.state = 'renewed' AND NOT EXISTS (
            SELECT FROM participants_admission n WHERE n.renews_id = a.id AND n.decided_at IS NOT NULL
               AND n.state NOT IN ('on_hold', 'refused'))
    UNION ALL SELECT c.public_id, a.state FROM participants_admissioncondition c
      JOIN participants_admission a ON a.id = c.admission_id
     WHERE a.state IN ('applied', 'on_hold', 'refused') OR c.due_on > a.expires_on OR NOT c.is_met AND (a.state <> 'lapsed'
        OR c.settled_at < ((c.due_on + 1)::timestamp AT TIME ZONE 'Asia/Tokyo'))
        OR c.is_met AND NOT EXISTS (
            SELECT FROM participants_qualification q WHERE q.organisation_id = a.organisation_id AND q.kind_id = c.kind_id
               AND q.verified_at <= c.settled_at)
"""

Invariant(
    name="participants.admissions_end_as_given",
    promise=5,
    statement=(
        "An admission expired after its last day, lapsed by a condition that was missed after its day, or was renewed by another;"
        " a condition is due by its last day, and was met by a verified qualification."
    ),
    guards=(
        "participants_admission.admission_ends_rightly",
        "participants_admission.renewed_by_another",
        "participants_admission.set_once",
        "participants_admissioncondition.condition_of_a_kind_once",
        "participants_admissioncondition.condition_says",
        "participants_admissioncondition.condition_settled_rightly",
        "participants_admissioncondition.missed_condition_ends",
        "participants_admissioncondition.immutable",
        "participants_admissioncondition.set_once",
        "participants_admissioncondition.set_now",
        "participants_admissioncondition.dated_now",
        "participants_admissioncondition.no_delete",
    ),
    test="tests/participants/test_admission_terms.py::test_the_database_keeps_terms",
    check=by_query(_ENDED),
)
