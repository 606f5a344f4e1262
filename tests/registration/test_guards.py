"""The database refuses what Python would not do."""

from __future__ import annotations

from hashlib import sha256

import pytest
from django.db import connection

from marketplace.kernel.invariants import REGISTER
from marketplace.registration import bounds, services
from marketplace.registration.models import Registration, Screening, SupportingDocument
from tests.participants import factories as parties
from tests.roles import assert_refused, unguarded

from . import factories

pytestmark = pytest.mark.django_db

DOCUMENT = (
    "INSERT INTO registration_supportingdocument"
    " (public_id, registration_id, kind, name, media_type, content, size_bytes, sha256, added_at)"
    " VALUES (%s, %s, 'other', 'a', %s, %s, %s, %s, now())"
)
OWNER = (
    "INSERT INTO registration_beneficialowner (public_id, registration_id, name, country, born_on, basis, share_bp)"
    " VALUES (%s, %s, 'x', 'JP', '1975-04-01', %s, %s)"
)


LIST_AGAIN = (
    "INSERT INTO registration_screeninglist (public_id, code, version, sha256, entries, loaded_at)"
    " SELECT 'scl_raw', code, version, sha256, entries, loaded_at FROM registration_screeninglist"
)
SNAPSHOT_AGAIN = (
    "INSERT INTO registration_registrysnapshot (public_id, sha256, entries, loaded_at)"
    " SELECT 'rgs_raw', sha256, 1, loaded_at FROM registration_registrysnapshot"
)


def refused(match: str, statement: str, parameters: tuple = ()) -> None:
    connection.check_constraints()
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute(statement, parameters or None), because=match)


def document(row: Registration, content: bytes = b"%PDF-", number: int = 0, **changes: object) -> tuple:
    """The values of one more document."""
    values = {"media": "application/pdf", "size": len(content), "sha": sha256(content).hexdigest()} | changes
    return (f"sdc_{number}", row.pk, values["media"], content, values["size"], values["sha"])


def broken(name: str) -> bool:
    """Whether the invariant names a breach."""
    return bool(REGISTER[name].check())


def test_an_eleventh_document_is_refused():
    row = factories.proved()
    with connection.cursor() as cursor:
        for number in range(bounds.DOCUMENTS_MAX):
            cursor.execute(DOCUMENT, document(row, b"%PDF-" + bytes([number]), number))
    refused("at most 10", DOCUMENT, document(row, b"%PDF-x", 99))
    assert SupportingDocument.objects.count() == bounds.DOCUMENTS_MAX
    with unguarded("registration_supportingdocument"), connection.cursor() as cursor:
        cursor.execute(DOCUMENT, document(row, b"%PDF-x", 99))
    assert broken("registration.documents_bounded")


@pytest.mark.parametrize(
    ("match", "content", "changes"),
    [
        ("supporting_document_size", b"", {}),
        ("supporting_document_size", b"%PDF-", {"size": 4}),
        ("supporting_document_size", b"%PDF-" + bytes(bounds.DOCUMENT_BYTES_MAX), {}),
        ("supporting_document_hash", b"%PDF-", {"sha": "0" * 64}),
        ("supporting_document_kind", b"%PDF-", {"media": "text/html"}),
    ],
)
def test_a_document_that_is_not_what_it_says_is_refused(match, content, changes):
    refused(match, DOCUMENT, document(factories.proved(), content, **changes))
    assert SupportingDocument.objects.count() == 0


@pytest.mark.parametrize(
    ("match", "basis", "share"),
    [
        ("beneficial_owner_basis", "ownership", 2_499),
        ("beneficial_owner_basis", "ownership", None),
        ("beneficial_owner_basis", "control", 5_000),
        ("beneficial_owner_basis", "friend", None),
    ],
)
def test_an_owner_without_a_basis_is_refused(match, basis, share):
    refused(match, OWNER, ("bno_raw", factories.proved().pk, basis, share))


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("DELETE FROM registration_supportingdocument", "cannot be changed"),
        ("UPDATE registration_supportingdocument SET kind = 'other'", "cannot be changed"),
        ("DELETE FROM registration_beneficialowner", "cannot be changed"),
        ("UPDATE registration_beneficialowner SET name = 'x'", "cannot be changed"),
        ("UPDATE registration_registration SET name_ja = 'x'", "cannot be changed"),
        ("UPDATE registration_registration SET email = 'other@example.jp'", "cannot be changed"),
        ("UPDATE registration_registration SET representative_name = 'x'", "cannot be changed"),
        ("UPDATE registration_registration SET submitted_at = now()", "cannot be changed"),
        ("UPDATE registration_registration SET email_proved_at = NULL", "cannot be changed"),
        ("UPDATE registration_registration SET state = 'refused'", "does not lead to"),
        ("UPDATE registration_registration SET wrong_codes = 11", "registration_codes_bounded"),
        ("UPDATE registration_registration SET codes_sent = 6", "registration_codes_bounded"),
        ("UPDATE registration_registration SET refusal_reason = 'x'", "registration_refused_why"),
        ("UPDATE registration_registration SET closed_at = now()", "registration_ended_when"),
        ("DELETE FROM registration_registration", "are kept"),
        ("TRUNCATE registration_registration CASCADE", "are kept"),
    ],
)
def test_what_was_stated_stays(statement, match):
    factories.submitted()
    before = Registration.objects.values().get()
    refused(match, statement)
    assert Registration.objects.values().get() == before


def test_an_unproved_application_is_not_submitted():
    factories.begun()
    refused(
        "registration_submitted_when",
        "UPDATE registration_registration SET state = 'submitted', submitted_at = now()",
    )
    assert Registration.objects.get().state == "draft"


PROPOSED = (
    "UPDATE registration_registration SET state = 'confirming', proposed_at = now(), acceptance_reason = 'x'"
)
ACCEPTED = (
    "UPDATE registration_registration SET state = 'accepted', closed_at = now(), organisation_id = {key},"
    " closed_by = '{person}'"
)


@pytest.mark.parametrize("person", ["usr_first", "app_second", "system", ""])
def test_one_person_alone_accepts_nothing(operator, person):
    factories.proposed(operator)
    refused("registration_two_people", ACCEPTED.format(key=operator.pk, person=person))
    assert Registration.objects.get().state == "confirming"
    with unguarded("registration_registration"), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE registration_registration DROP CONSTRAINT registration_two_people")
        cursor.execute(ACCEPTED.format(key=operator.pk, person=person))
    assert broken("registration.accepted_by_two")


@pytest.mark.parametrize("person", ["usr_made_up", "usr_outside"])
def test_made_up_people_propose_and_accept_nothing(operator, person):
    parties.known_person(parties.organisation("B"), "usr_outside")
    row = factories.screened()
    refused("is no natural person of the operator", f"{PROPOSED}, proposed_by = '{person}'")
    services.propose(actor=factories.person_of(operator, "first"), registration=row.public_id, reason="x")
    refused("is no natural person of the operator", ACCEPTED.format(key=operator.pk, person=person))
    assert Registration.objects.get().state == "confirming"
    with unguarded("registration_registration"), connection.cursor() as cursor:
        cursor.execute(ACCEPTED.format(key=operator.pk, person=person))
    assert broken("registration.accepted_by_two")


def test_a_program_proposes_nothing():
    factories.screened()
    refused("registration_two_people", f"{PROPOSED}, proposed_by = 'app_first'")
    refused("registration_two_people", PROPOSED)
    assert Registration.objects.get().state == "in_review"


def test_an_accepted_application_registers_an_organisation(operator):
    factories.proposed(operator)
    refused("registration_registers", ACCEPTED.format(key="NULL", person="usr_second"))


def test_nothing_is_reviewed_before_it_is_screened():
    factories.submitted()
    refused("is screened", "UPDATE registration_registration SET state = 'in_review'")


def test_findings_are_answered_before_anybody_accepts():
    factories.screened()
    refused("what was found is answered", PROPOSED.replace("'x'", "''") + ", proposed_by = 'usr_first'")
    assert Registration.objects.get().state == "in_review"


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("UPDATE registration_screening SET outcome = 'clear', findings = '[]'", "cannot be changed"),
        ("UPDATE registration_screening SET findings = '[]'", "cannot be changed"),
        ("UPDATE registration_screening SET is_changed = true", "cannot be changed"),
        ("UPDATE registration_screening SET cause = 'lists'", "cannot be changed"),
        (
            "UPDATE registration_screening SET assessed_by = 'app_x', assessed_at = now()",
            "screening_assessed",
        ),
        ("DELETE FROM registration_screening", "are kept"),
    ],
)
def test_a_screening_is_kept_as_it_ended(statement, match):
    factories.screened()
    before = Screening.objects.values().get()
    refused(match, statement)
    assert Screening.objects.values().get() == before


ENDED = (
    "UPDATE registration_screening SET ended_at = now(), outcome = 'clear', facts_digest = repeat('0', 64),"
    " next_at = now() + interval '1 day'"
)


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        (f"{ENDED}, findings = '[1]'", "screening_clear_without_findings"),
        (ENDED.replace("'clear'", "NULL"), "screening_ends_whole"),
        (ENDED.replace("'clear'", "'maybe'"), "screening_ends_whole"),
    ],
)
def test_a_screening_ends_with_all_that_it_came_to(statement, match):
    factories.submitted()
    refused(match, statement)


def test_a_second_screening_at_a_time_is_refused():
    row = factories.submitted()
    refused(
        "screening_one_at_a_time",
        "INSERT INTO registration_screening (public_id, registration_id, cause, requested_at, findings, lists,"
        " is_changed, assessment) VALUES ('scr_raw', %s, 'lists', now(), '[]', '[]', false, '')",
        (row.pk,),
    )


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("UPDATE registration_screeningentry SET normal = 'x'", "cannot be changed"),
        ("DELETE FROM registration_screeningentry", "are kept"),
        ("UPDATE registration_screeninglist SET version = 'x'", "cannot be changed"),
        ("DELETE FROM registration_screeninglist", "are kept"),
        ("UPDATE registration_registrysnapshot SET sha256 = repeat('1', 64)", "cannot be changed"),
        ("UPDATE registration_registrysnapshot SET entries = 0", "registry_snapshot_complete"),
        ("UPDATE registration_registryentry SET corporate_number = '1'", "cannot be changed"),
        (LIST_AGAIN, "screening_list_version_once"),
        (SNAPSHOT_AGAIN, "registry_snapshot_once"),
    ],
)
def test_a_list_is_kept_as_it_was_loaded(statement, match):
    factories.registry(factories.begun())
    factories.sanctions("Ivan Petrov")
    refused(match, statement)
    assert not broken("registration.lists_whole")


def test_a_name_that_is_added_to_a_list_is_named():
    factories.sanctions("Ivan Petrov")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registration_screeningentry (screening_list_id, reference, kind, normal)"
            " SELECT id, 'S-9', 'person', 'x' FROM registration_screeninglist"
        )
    assert broken("registration.lists_whole")


def test_a_moment_of_a_far_year_is_refused():
    row = factories.begun()
    refused(
        "begun_at_check|code_expires_at_check",
        "UPDATE registration_registration SET code_expires_at = 'infinity' WHERE id = %s",
        (row.pk,),
    )


def test_a_market_that_registers_breaks_no_invariant(operator):
    factories.accepted(operator)
    row = factories.screened()
    services.refuse(actor=factories.person_of(operator, "first"), registration=row.public_id, reason="x")
    names = [name for name in REGISTER if name.startswith("registration.")]
    assert {name: REGISTER[name].check() for name in names} == {name: [] for name in names}
