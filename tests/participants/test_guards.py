"""The database refuses what Python would not do."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from fixtures.sessions import open_session
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.participants import services
from marketplace.participants.models import (
    Admission,
    Application,
    Membership,
    Organisation,
    RoleGrant,
    Session,
)
from tests.roles import assert_refused

from . import factories

pytestmark = pytest.mark.django_db

INSERT_ADMISSION = (
    "INSERT INTO participants_admission"
    " (public_id, organisation_id, segment_id, capacity, state, declarations, reason, applied_at)"
    " VALUES ('adm_raw', %s, %s, %s, %s, '{}', '', now())"
)


def refused(match: str, statement: str, parameters: tuple = ()) -> None:
    connection.check_constraints()
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute(statement, parameters), because=match)


@pytest.mark.parametrize("flags", [{"is_operator": True}, {"operator_affiliate": True}])
def test_an_affiliate_is_refused_an_admission(flags):
    subject = factories.organisation(**flags)
    for capacity in ("seller", "buyer"):
        refused(
            "never buyer or seller",
            INSERT_ADMISSION,
            (subject.pk, factories.segment().pk, capacity, "applied"),
        )
    assert Admission.objects.count() == 0


@pytest.mark.parametrize("flag", ["is_operator", "operator_affiliate"])
@pytest.mark.parametrize("outcome", [None, "hold", "allow"])
def test_an_organisation_with_an_admission_does_not_become_an_affiliate(flag, outcome):
    subject = factories.organisation()
    admission = factories.application_for(subject)
    if outcome:
        services.decide_admission(actor=SYSTEM, admission=admission.public_id, outcome=outcome, decision="d")
    refused("cannot belong to the operator", f"UPDATE participants_organisation SET {flag} = true")
    assert Organisation.objects.filter(**{flag: False}).count() == 1


def test_an_organisation_that_was_refused_may_become_an_affiliate_and_never_be_admitted():
    subject = factories.organisation()
    admission = factories.application_for(subject)
    services.decide_admission(actor=SYSTEM, admission=admission.public_id, outcome="deny", decision="dec_1")
    factories.affiliate(subject)
    refused("never buyer or seller", "UPDATE participants_admission SET state = 'admitted'")
    refused("never buyer or seller", INSERT_ADMISSION, (subject.pk, admission.segment_id, "buyer", "applied"))


def test_a_second_admission_for_one_purpose_is_refused():
    subject = factories.admitted()
    refused(
        "admission_held_once|not to be renewed now",
        INSERT_ADMISSION,
        (subject.pk, factories.segment().pk, "buyer", "applied"),
    )
    assert Admission.objects.count() == 1


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("UPDATE participants_admission SET declarations = '{\"a\": 1}'", "cannot be changed"),
        ("UPDATE participants_admission SET capacity = 'seller'", "cannot be changed"),
        ("UPDATE participants_admission SET state = 'applied', decided_at = NULL", "does not lead to"),
        ("UPDATE participants_admission SET decided_at = NULL", "admission_decided_when"),
        ("DELETE FROM participants_admission", "are kept"),
        ("TRUNCATE participants_admission CASCADE", "are kept"),
    ],
)
def test_an_admission_is_kept_as_it_was_decided(statement, match):
    factories.admitted()
    refused(match, statement)
    assert Admission.objects.get().state == "admitted"


@pytest.mark.parametrize(
    ("capacity", "state", "match"),
    [("watcher", "applied", "admission_capacity"), ("buyer", "admitted", "cannot begin as")],
)
def test_an_admission_begins_as_an_application(capacity, state, match):
    subject = factories.organisation()
    refused(match, INSERT_ADMISSION, (subject.pk, factories.segment().pk, capacity, state))


def insert_organisation(corporate_number: str | None) -> tuple[str, tuple]:
    return (
        (
            "INSERT INTO participants_organisation (public_id, name_ja, name_en, kind, corporate_number, country, address,"
            " representative, is_operator, operator_affiliate, state, registered_at) VALUES"
            " ('org_raw', 'x', 'x', 'business', %s, 'JP', 'x', 'x', false, false, 'active', now())"
        ),
        (corporate_number,),
    )


@pytest.mark.parametrize(
    ("number", "match"),
    [
        ("6835678256246", "check digit"),
        ("5835678256264", "check digit"),
        ("583567825624", "13 digits"),
        ("583567825624x", "13 digits"),
        (None, "organisation_number_given"),
    ],
)
def test_a_wrong_check_digit_is_refused(number, match):
    refused(match, *insert_organisation(number))
    assert Organisation.objects.count() == 0


def test_a_right_corporate_number_is_taken_once_and_kept():
    for number in (factories.corporate_number() for _ in range(20)):
        factories.organisation(corporate_number=number)
    refused("organisation_number_once", *insert_organisation(number))
    refused("cannot be changed", "UPDATE participants_organisation SET corporate_number = '5835678256246'")
    assert Organisation.objects.count() == 20


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("country = 'jp'", "organisation_country|cannot be changed"),
        ("kind = 'cooperative'", "organisation_kind|cannot be changed"),
        ("invoice_registration_number = 'T12'", "organisation_invoice_number|with its history"),
        ("public_id = 'org_other'", "cannot be changed"),
    ],
)
def test_facts_that_are_not_well_formed_are_refused(change, match):
    factories.organisation()
    refused(match, f"UPDATE participants_organisation SET {change}")


def test_the_operator_is_one_and_active():
    operator, other = factories.operator(), factories.organisation("B")
    refused(
        "organisation_one_operator",
        "UPDATE participants_organisation SET is_operator = true WHERE id = %s",
        (other.pk,),
    )
    refused(
        "organisation_operator_active|while a suspension stands",
        "UPDATE participants_organisation SET state = 'suspended' WHERE id = %s",
        (operator.pk,),
    )


def test_organisations_and_segments_are_kept():
    factories.organisation()
    factories.segment()
    refused("are kept", "DELETE FROM participants_organisation")
    refused("are kept", "DELETE FROM participants_segment")
    refused("cannot be changed", "UPDATE participants_segment SET code = 'other'")


def member_of(subject: Organisation) -> Membership:
    """The membership of a new person with every role."""
    return Membership.objects.get(user=factories.person_of(subject), organisation=subject)


INSERT_MEMBERSHIP = (
    "INSERT INTO participants_membership (public_id, user_id, organisation_id, since)"
    " VALUES ('mbr_raw', %s, %s, now())"
)
INSERT_GRANT = (
    "INSERT INTO participants_rolegrant (membership_id, role, granted_at, granted_by)"
    " VALUES (%s, %s, now(), 'usr_raw')"
)


def test_a_second_live_membership_is_refused():
    first, second = factories.organisation(), factories.organisation("B")
    member = member_of(first)
    refused("membership_live_once", INSERT_MEMBERSHIP, (member.user_id, first.pk))
    refused("cannot be changed", "UPDATE participants_membership SET organisation_id = %s", (second.pk,))
    refused("are kept", "DELETE FROM participants_membership")
    refused(
        "user_email_lower_case|its mail was answered", "UPDATE participants_user SET email = 'A@example.jp'"
    )
    refused("cannot be changed", "UPDATE participants_user SET public_id = 'usr_other'")
    assert Membership.objects.get().organisation_id == first.pk
    factories.leave(member.user)
    factories.join(member.user, first, "trader")
    factories.join(member.user, second, "trader")
    refused("cannot be changed", "UPDATE participants_membership SET ended_at = NULL")


def test_a_role_of_the_other_side_is_refused():
    operator, other = member_of(factories.operator()), factories.organisation("B")
    person = factories.person_of(other, "other", roles=("trader",))
    member = Membership.objects.get(user=person)
    for membership, role in ((operator, "trader"), (operator, "finance"), (member, "clearing")):
        refused("does not exist in this organisation", INSERT_GRANT, (membership.pk, role))
    refused("does not exist|rolegrant_role", INSERT_GRANT, (member.pk, "king"))
    refused("rolegrant_live_once", INSERT_GRANT, (member.pk, "trader"))
    refused("cannot be changed", "UPDATE participants_rolegrant SET role = 'finance'")
    refused("are kept", "DELETE FROM participants_rolegrant")
    refused("does not change its side", "UPDATE participants_organisation SET is_operator = false")
    assert list(RoleGrant.objects.filter(membership=member).values_list("role", flat=True)) == ["trader"]


def test_a_person_of_the_operator_joins_nobody_else():
    operator, other = factories.operator(), factories.organisation("B")
    staff, desk = member_of(operator), Membership.objects.get(user=factories.person_of(other, "desk"))
    refused("belongs to no other organisation", INSERT_MEMBERSHIP, (staff.user_id, other.pk))
    refused("belongs to no other organisation", INSERT_MEMBERSHIP, (desk.user_id, operator.pk))
    assert Membership.objects.count() == 2


@pytest.mark.parametrize("change", ["password = 'other'", "is_active = false"])
def test_sessions_end_with_the_password_and_the_account(change):
    subject = factories.organisation()
    person, other = factories.person_of(subject), factories.person_of(subject, "other")
    for somebody in (person, other):
        open_session(somebody)
    refused("session_key_digest", "UPDATE participants_session SET session_key = 'pst_clear'")
    refused("session_proof_of_somebody", "UPDATE participants_session SET user_id = NULL")
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE participants_user SET {change} WHERE id = %s", (person.pk,))
    assert [row.user_id for row in Session.objects.all()] == [other.pk]


def test_a_program_that_nobody_answers_for_is_refused():
    application = factories.application_of(factories.organisation(), ("market:read",))
    stranger_of = factories.organisation("B")
    stranger = factories.person_of(stranger_of, "stranger")
    colleague = factories.person_of(application.organisation, "colleague", ("trader",))
    stated = {
        "organisation": application.organisation,
        "client_type": "confidential",
        "authorization_grant_type": "client-credentials",
    }
    for wrong, because in (
        ({"responsible": stranger, "scopes": ["market:read"]}, "answers for its program"),
        ({"responsible": application.responsible, "scopes": ["members:write"]}, "application_scopes"),
        ({"responsible": application.responsible, "scopes": []}, "application_scopes"),
        (
            {
                "responsible": application.responsible,
                "scopes": ["market:read"],
                "expires_at": clock.real_now() + timedelta(days=366),
            },
            "application_secrets_end",
        ),
    ):
        with pytest.raises(IntegrityError, match=because), transaction.atomic():
            Application.objects.create(**stated, **wrong)
    for change, because in (
        ("scopes = '{members:write}'", "only become fewer|application_scopes"),
        ("scopes = '{market:read,money:read}'", "only become fewer"),
        (f"responsible_id = {stranger.pk}", "answers for its program"),
        (f"organisation_id = {stranger_of.pk}", "cannot be changed"),
        (f"responsible_id = {colleague.pk}", "that it was offered"),
        ("expires_at = secret_made_at + interval '366 days'", "application_secrets_end"),
        (
            "previous_secret = 'x', previous_until = secret_made_at + interval '25 hours'",
            "application_secrets_end",
        ),
        ("revoked_at = now()", "application_revoked_by"),
        ("authorization_grant_type = 'authorization-code'", "application_grant_type"),
    ):
        refused(because, f"UPDATE participants_application SET {change}")
    assert Application.objects.get().scopes == ["market:read"]
    owner = factories.actor_of(factories.owner_of(application.organisation))
    services.revoke_program(actor=owner, application=application.public_id)
    for change in ("client_secret = 'x'", "expires_at = now()", "revoked_at = NULL, revoked_by = NULL"):
        refused("stays revoked|cannot be changed", f"UPDATE participants_application SET {change}")
    refused("are kept", "DELETE FROM participants_application")
