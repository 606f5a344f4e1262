"""Registering organisations, suspending and reinstating them, declaring affiliates."""

import pytest

from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid, Forbidden, IllegalTransition, Missing
from marketplace.participants import queries, services
from marketplace.participants.errors import (
    CorporateNumberTaken,
    InvoiceNumberTaken,
    OperatorExists,
)
from marketplace.participants.models import Organisation
from marketplace.participants.payout_queries import payout_account_now
from marketplace.participants.suspension_errors import OperatorStays, SuspensionStands
from marketplace.participants.suspension_queries import standing_suspensions

from . import factories

pytestmark = pytest.mark.django_db


def test_an_organisation_is_registered_with_evidence_and_event():
    subject = factories.organisation(
        payout_account=factories.PAYOUT_ACCOUNT, invoice_registration_number="T1234567890123"
    )
    view = queries.get_organisation(subject.public_id)
    assert view.id == subject.pk
    assert view.name == {"ja": "組織A", "en": "Organisation A"}
    account = payout_account_now(subject.pk)
    assert account is not None
    assert account.account_holder_kana == "ｻﾝﾎﾟ(ｶ"
    assert (view.is_active, view.is_operator, view.affiliate) == (True, False, False)
    assert list(OutboxEvent.objects.values_list("type", "data")) == [
        ("organisation.registered", {"organisation": subject.public_id})
    ]
    assert list(EvidenceRecord.objects.values_list("kind", "subject", "actor")) == [
        ("participants.organisation_registered", subject.public_id, "system")
    ]


def test_no_personal_data_leaves_with_events_or_evidence():
    subject = factories.organisation(payout_account=factories.PAYOUT_ACCOUNT)
    services.add_member(
        actor=SYSTEM,
        organisation=subject.public_id,
        email="hanako@example.jp",
        name="讃岐 花子",
        roles=("owner",),
    )
    services.suspend_participant(
        actor=SYSTEM, organisation=subject.public_id, reason_code="review", reason="讃岐 花子 の確認"
    )
    told = repr(
        list(OutboxEvent.objects.values_list("data")) + list(EvidenceRecord.objects.values_list("payload"))
    )
    for personal in ("hanako", "花子", "代表 太郎", "千代田区", "1234567", "組織A"):
        assert personal not in told


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"corporate_number": "6835678256246"}, "corporate_number"),
        ({"corporate_number": "5-8356-7825-6246"}, "corporate_number"),
        ({"corporate_number": "583567825624"}, "corporate_number"),
        ({"corporate_number": None}, "corporate_number"),
        ({"corporate_number": None, "kind": "public_body"}, "corporate_number"),
        ({"kind": "cooperative"}, "kind"),
        ({"country": "Japan"}, "country"),
        ({"invoice_registration_number": "T123"}, "invoice_registration_number"),
        ({"name": {"ja": "組織", "en": " "}}, "name.en"),
        ({"name": {"en": "Organisation"}}, "name.ja"),
        ({"address": ""}, "address"),
        ({"representative": " "}, "representative"),
        ({"payout_account": {"bank_code": "0001"}}, "payout_account.account_holder_kana"),
    ],
)
def test_bad_facts_name_their_field(changes, field):
    with pytest.raises(FieldInvalid) as refusal:
        factories.organisation(**changes)
    assert refusal.value.name == field
    assert Organisation.objects.count() == 0
    assert OutboxEvent.objects.count() == 0


@pytest.mark.parametrize("changes", [{"kind": "individual"}, {"country": "DE"}])
def test_individuals_and_bodies_abroad_need_no_corporate_number(changes):
    assert factories.organisation(corporate_number=None, **changes).corporate_number is None
    assert factories.organisation("B", corporate_number=None, **changes).corporate_number is None


def test_numbers_are_taken_once():
    first = factories.organisation(invoice_registration_number="T1234567890123")
    with pytest.raises(CorporateNumberTaken):
        factories.organisation("B", corporate_number=first.corporate_number)
    with pytest.raises(InvoiceNumberTaken):
        factories.organisation("B", invoice_registration_number="T1234567890123")
    assert list(Organisation.objects.all()) == [first]
    assert OutboxEvent.objects.count() == 1


def test_the_market_has_one_operator():
    subject = factories.operator()
    with pytest.raises(OperatorExists):
        factories.operator()
    assert queries.operator_organisation().public_id == subject.public_id
    assert Organisation.objects.count() == 1


def test_before_there_is_an_operator_it_is_missing():
    with pytest.raises(Missing):
        queries.operator_organisation()


def test_participants_register_nobody():
    subject = factories.organisation()
    with pytest.raises(Forbidden):
        services.register_organisation(
            actor=factories.actor_for(subject),
            name={"ja": "組織B", "en": "B"},
            corporate_number=factories.corporate_number(),
            kind="business",
            address="x",
            representative="y",
        )
    assert Organisation.objects.count() == 1


def test_a_suspension_stops_new_business_and_ends_with_reinstatement():
    factories.staff("usr_first", "usr_second")
    operator = factories.actor_for(Organisation.objects.get(is_operator=True), "usr_second")
    subject = factories.admitted()
    suspended = services.suspend_participant(
        actor=operator, organisation=subject.public_id, reason_code="sanctions_review", reason="確認中"
    )
    (suspension,) = standing_suspensions(subject.pk)
    assert (suspended.state, suspension.reason, suspension.kind) == ("suspended", "確認中", "breach")
    assert not queries.is_admitted(subject.pk, "mobility", "buyer")
    assert OutboxEvent.objects.latest("pk").data == {
        "organisation": subject.public_id,
        "suspension": suspension.public_id,
        "kind": "breach",
        "reason_code": "sanctions_review",
    }
    reinstated = services.reinstate_participant(
        actor=operator, organisation=subject.public_id, first_person="usr_first"
    )
    assert (reinstated.state, standing_suspensions(subject.pk).count()) == ("active", 0)
    assert queries.is_admitted(subject.pk, "mobility", "buyer")
    assert OutboxEvent.objects.latest("pk").type == "participant.reinstated"


def test_a_suspension_is_the_operators_and_happens_once():
    subject = factories.organisation()
    suspend = {"organisation": subject.public_id, "reason_code": "review", "reason": "確認中"}
    with pytest.raises(Forbidden):
        services.suspend_participant(actor=factories.actor_for(subject), **suspend)
    with pytest.raises(FieldInvalid):
        services.suspend_participant(actor=SYSTEM, **{**suspend, "reason_code": "Not A Code"})
    with pytest.raises(FieldInvalid):
        services.suspend_participant(actor=SYSTEM, **{**suspend, "reason": " "})
    assert queries.get_organisation(subject.public_id).state == "active"
    services.suspend_participant(actor=SYSTEM, **suspend)
    with pytest.raises(SuspensionStands):
        services.suspend_participant(actor=SYSTEM, **suspend)
    assert OutboxEvent.objects.filter(type="participant.suspended").count() == 1


def test_the_operator_is_never_suspended():
    subject = factories.operator()
    with pytest.raises(OperatorStays):
        services.suspend_participant(
            actor=SYSTEM, organisation=subject.public_id, reason_code="review", reason="確認中"
        )
    assert queries.operator_organisation().is_active


def test_an_active_organisation_is_not_reinstated():
    subject = factories.organisation()
    with pytest.raises(IllegalTransition):
        services.reinstate_participant(
            actor=factories.actor_for(factories.operator(), "usr_second"),
            organisation=subject.public_id,
            first_person="usr_first",
        )
    with pytest.raises(Missing):
        services.reinstate_participant(actor=SYSTEM, organisation="org_nobody", first_person="usr_first")


def test_one_person_and_a_program_reinstate_nobody():
    subject, operator = factories.organisation(), factories.operator()
    services.suspend_participant(
        actor=SYSTEM, organisation=subject.public_id, reason_code="review", reason="確認中"
    )
    before = OutboxEvent.objects.count()
    for person, first in (("usr_one", "usr_one"), ("usr_one", ""), ("app_desk", "usr_one")):
        with pytest.raises(Forbidden):
            services.reinstate_participant(
                actor=factories.actor_for(operator, person),
                organisation=subject.public_id,
                first_person=first,
            )
    assert (queries.get_organisation(subject.public_id).state, OutboxEvent.objects.count()) == (
        "suspended",
        before,
    )
