"""The database refuses what Python would not do."""

import pytest
from django.db import connection

from marketplace.kernel.actors import SYSTEM
from marketplace.participants import services
from marketplace.participants.models import Admission, Membership, Organisation
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
    services.declare_affiliation(actor=SYSTEM, organisation=subject.public_id, affiliated=True)
    refused("never buyer or seller", "UPDATE participants_admission SET state = 'admitted'")
    refused("never buyer or seller", INSERT_ADMISSION, (subject.pk, admission.segment_id, "buyer", "applied"))


def test_a_second_admission_for_one_purpose_is_refused():
    subject = factories.admitted()
    refused("admission_held_once", INSERT_ADMISSION, (subject.pk, factories.segment().pk, "buyer", "applied"))
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
            " representative, is_operator, operator_affiliate, state, suspension_reason_code, suspension_reason,"
            " bank_code, branch_code, account_type, account_number, account_holder_kana, registered_at) VALUES"
            " ('org_raw', 'x', 'x', 'business', %s, 'JP', 'x', 'x', false, false, 'active', '', '',"
            " '', '', '', '', '', now())"
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


def test_half_a_payout_account_is_refused():
    factories.organisation(payout_account=factories.PAYOUT_ACCOUNT)
    for change in (
        "branch_code = ''",
        "bank_code = '12'",
        "account_number = '12345-7'",
        "account_type = 'savings'",
        "account_holder_kana = 'カナ'",
    ):
        refused("organisation_payout_account", f"UPDATE participants_organisation SET {change}")
    assert Organisation.objects.get().branch_code == "002"


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("country = 'jp'", "organisation_country"),
        ("kind = 'cooperative'", "organisation_kind"),
        ("invoice_registration_number = 'T12'", "organisation_invoice_number"),
        ("public_id = 'org_other'", "cannot be changed"),
        ("state = 'suspended'", "organisation_suspension_reason"),
        ("suspension_reason_code = 'x'", "organisation_suspension_reason"),
        ("state = 'closed'", "does not lead to"),
    ],
)
def test_a_suspension_without_a_reason_is_refused(change, match):
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
        "organisation_operator_active",
        "UPDATE participants_organisation SET state = 'suspended', suspension_reason_code = 'x' WHERE id = %s",
        (operator.pk,),
    )


def test_organisations_and_segments_are_kept():
    factories.organisation()
    factories.segment()
    refused("are kept", "DELETE FROM participants_organisation")
    refused("are kept", "DELETE FROM participants_segment")
    refused("cannot be changed", "UPDATE participants_segment SET code = 'other'")


def test_a_second_membership_is_refused():
    first, second = factories.organisation(), factories.organisation("B")
    user = services.add_member(
        actor=SYSTEM, organisation=first.public_id, email="a@example.jp", name="花子", role="owner"
    )
    refused(
        "user_id",
        "INSERT INTO participants_membership (public_id, user_id, organisation_id, role, since)"
        " VALUES ('mbr_raw', %s, %s, 'owner', now())",
        (user.pk, second.pk),
    )
    refused("cannot be changed", "UPDATE participants_membership SET organisation_id = %s", (second.pk,))
    refused("membership_role", "UPDATE participants_membership SET role = 'king'")
    refused("user_email_lower_case", "UPDATE participants_user SET email = 'A@example.jp'")
    refused("cannot be changed", "UPDATE participants_user SET public_id = 'usr_other'")
    assert Membership.objects.get().organisation_id == first.pk
