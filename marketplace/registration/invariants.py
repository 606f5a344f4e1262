"""Invariants of registration."""

from marketplace.kernel.invariants import Invariant, by_query, columns_within_bounds
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_at, holders

from .bounds import DOCUMENT_BYTES_MAX, DOCUMENTS_MAX, OWNERS_MAX

_TESTS = "tests/registration/test_guards.py"


def _acted(person: str, moment: str) -> str:
    return acted_at(person, moment, holds=holders(Permission.ADMISSION_WRITE))


Invariant(
    name="registration.documents_bounded",
    promise=8,
    statement="An application has at most ten documents of 5 MiB, each with the hash of its content, and none after it is submitted.",
    guards=(
        "registration_supportingdocument.bounded_draft",
        "registration_supportingdocument.supporting_document_size",
        "registration_supportingdocument.supporting_document_hash",
        "registration_supportingdocument.supporting_document_kind",
        "registration_supportingdocument.supporting_document_once",
        "registration_supportingdocument.immutable",
        "registration_beneficialowner.bounded_draft",
        "registration_beneficialowner.beneficial_owner_basis",
    ),
    test=f"{_TESTS}::test_an_eleventh_document_is_refused",
    check=by_query(
        "SELECT registration_id FROM registration_supportingdocument GROUP BY 1"  # noqa: S608  our own words
        f" HAVING count(*) > {DOCUMENTS_MAX} OR max(octet_length(content)) > {DOCUMENT_BYTES_MAX}"
        " OR bool_or(sha256 <> encode(sha256(content), 'hex'))"
        " UNION ALL SELECT registration_id FROM registration_beneficialowner GROUP BY 1"
        f" HAVING count(*) > {OWNERS_MAX}"
    ),
)
Invariant(
    name="registration.accepted_by_two",
    promise=5,
    statement="An application is accepted by two people, after a screening whose findings were answered.",
    guards=(
        "registration_registration.registration_two_people",
        "registration_registration.proposed_by_person",
        "registration_registration.acted_by_person",
        "registration_registration.screened_first",
        "registration_registration.state_guard",
        "registration_registration.registration_registers",
        "registration_registration.registration_ended_when",
        "registration_registration.no_delete",
    ),
    test=f"{_TESTS}::test_one_person_alone_accepts_nothing",
    check=by_query(
        "SELECT r.public_id FROM registration_registration r WHERE r.state = 'accepted' AND ("  # noqa: S608  our own words
        " r.proposed_by IS NOT DISTINCT FROM r.closed_by"
        f" OR NOT {_acted('r.proposed_by', 'r.proposed_at')} OR NOT {_acted('r.closed_by', 'r.closed_at')}"
        " OR r.organisation_id IS NULL OR NOT EXISTS (SELECT FROM registration_screening s"
        "  WHERE s.registration_id = r.id AND s.ended_at <= r.closed_at))"
    ),
)
Invariant(
    name="registration.stated_once",
    promise=8,
    statement="What an applicant states never changes, and its mail address is proved before it is submitted.",
    guards=(
        "registration_registration.immutable",
        "registration_registration.set_once",
        "registration_registration.registration_submitted_when",
        "registration_registration.registration_well_formed",
        "registration_registration.registration_number_given",
        "registration_registration.registration_key_once",
        "registration_registration.registration_codes_bounded",
        "registration_registration.registration_refused_why",
        "registration_registration.corporate_number_guard",
    ),
    test=f"{_TESTS}::test_what_was_stated_stays",
    check=by_query(
        "SELECT public_id FROM registration_registration WHERE state NOT IN ('draft', 'lapsed')"
        " AND (email_proved_at IS NULL OR email_proved_at > submitted_at)"
    ),
)
Invariant(
    name="registration.screenings_kept",
    promise=8,
    statement="A screening ends once with all that it came to, and a clear one found nothing.",
    guards=(
        "registration_screening.screening_ends_whole",
        "registration_screening.screening_one_at_a_time",
        "registration_screening.screening_clear_without_findings",
        "registration_screening.screening_assessed_when",
        "registration_screening.ended_screening_kept",
        "registration_screening.set_once",
        "registration_screening.immutable",
        "registration_screening.no_delete",
    ),
    test=f"{_TESTS}::test_a_screening_is_kept_as_it_ended",
    check=by_query(
        "SELECT public_id FROM registration_screening WHERE (ended_at IS NULL) <> (outcome IS NULL)"
        " OR (outcome = 'clear' AND findings <> '[]'::jsonb)"
    ),
)
Invariant(
    name="registration.lists_whole",
    promise=8,
    statement="A sanctions list has as many entries as it states, and nothing of it changes.",
    guards=(
        "registration_screeninglist.immutable",
        "registration_screeninglist.no_delete",
        "registration_screeninglist.screening_list_version_once",
        "registration_screeninglist.screening_list_has_entries",
        "registration_screeningentry.immutable",
        "registration_screeningentry.no_delete",
        "registration_screeningentry.screening_entry_once",
        "registration_screeningentry.screening_entry_kind",
        "registration_registrysnapshot.immutable",
        "registration_registrysnapshot.registry_snapshot_once",
        "registration_registrysnapshot.registry_snapshot_complete",
        "registration_registrysnapshot.no_delete",
        "registration_registryentry.registry_entry_number",
        "registration_registryentry.immutable",
    ),
    test=f"{_TESTS}::test_a_list_is_kept_as_it_was_loaded",
    check=by_query(
        "SELECT l.public_id FROM registration_screeninglist l WHERE l.entries <>"
        " (SELECT count(*) FROM registration_screeningentry e WHERE e.screening_list_id = l.id)"
    ),
)
Invariant(
    name="registration.columns_within_bounds",
    promise=7,
    statement="Every moment and JSON value of an application or a screening can be read.",
    guards=(
        "registration_registration.registration_registration_begun_at_check",
        "registration_screening.registration_screening_findings_check",
    ),
    test=f"{_TESTS}::test_a_moment_of_a_far_year_is_refused",
    check=columns_within_bounds("registration"),
)
