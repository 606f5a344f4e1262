"""Segments, applications and what is decided of them."""

import pytest

from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import (
    FieldInvalid,
    Forbidden,
    IllegalTransition,
    Missing,
    OrganisationSuspended,
    PermissionNeeded,
)
from marketplace.participants import queries, services
from marketplace.participants.admission_queries import admission_facts
from marketplace.participants.errors import AdmissionExists, NeverATrader, NotAdmitted, SegmentExists
from marketplace.participants.models import Admission, Organisation, Segment
from tests.cases import factories as cases

from . import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def subject():
    factories.segment()
    return factories.organisation()


@pytest.fixture
def operator():
    return factories.actor_for(factories.operator())


def apply_as(organisation, **changes):
    wanted = {"segment": "mobility", "capacity": "buyer", "declarations": factories.DECLARATIONS}
    return services.apply_for_admission(actor=factories.actor_for(organisation), **(wanted | changes))


def test_a_segment_is_opened_once_by_the_operator(subject):
    with pytest.raises(SegmentExists):
        services.open_segment(actor=SYSTEM, code="mobility", name={"ja": "移動", "en": "Mobility"})
    with pytest.raises(Forbidden):
        services.open_segment(
            actor=factories.actor_for(subject), code="weather", name={"ja": "気象", "en": "Weather"}
        )
    for bad in (
        {"code": "W x", "name": {"ja": "気象", "en": "x"}},
        {"code": "weather", "name": {"ja": "気象"}},
    ):
        with pytest.raises(FieldInvalid):
            services.open_segment(actor=SYSTEM, **bad)
    assert [view.code for view in queries.segments()] == ["mobility"]
    assert queries.get_segment("mobility").name == {"ja": "分野mobility", "en": "mobility"}
    assert Segment.objects.count() == 1


def test_an_application_waits_for_the_rules(subject):
    admission = apply_as(subject)
    assert (admission.state, admission.decided_at) == ("applied", None)
    event = OutboxEvent.objects.latest("pk")
    assert (event.type, event.subject) == ("admission.applied", admission.public_id)
    assert event.data == {
        "admission": admission.public_id,
        "organisation": subject.public_id,
        "segment": "mobility",
        "capacity": "buyer",
    }
    assert not queries.is_admitted(subject.pk, "mobility", "buyer")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"segment": "unknown"}, Missing),
        ({"capacity": "watcher"}, FieldInvalid),
        ({"declarations": {}}, FieldInvalid),
    ],
)
def test_a_bad_application_is_refused(subject, changes, refusal):
    with pytest.raises(refusal):
        apply_as(subject, **changes)
    assert Admission.objects.count() == 0


def test_the_operator_and_its_affiliates_never_apply(operator):
    factories.segment()
    affiliate = factories.organisation("B", operator_affiliate=True)
    with pytest.raises(NeverATrader):
        apply_as(affiliate)
    with pytest.raises(NeverATrader):
        services.apply_for_admission(
            actor=operator, segment="mobility", capacity="seller", declarations=factories.DECLARATIONS
        )
    with pytest.raises(Forbidden):
        services.apply_for_admission(
            actor=SYSTEM, segment="mobility", capacity="seller", declarations=factories.DECLARATIONS
        )
    assert Admission.objects.count() == 0


def test_a_suspended_organisation_does_not_apply(subject):
    services.suspend_participant(
        actor=SYSTEM, organisation=subject.public_id, reason_code="r", reason="確認中"
    )
    with pytest.raises(OrganisationSuspended):
        apply_as(subject)
    assert Admission.objects.count() == 0


def test_one_application_a_purpose(subject):
    first = apply_as(subject)
    with pytest.raises(AdmissionExists) as refusal:
        apply_as(subject)
    assert refusal.value.fields["admission"] == first.public_id
    apply_as(subject, capacity="seller")
    assert Admission.objects.count() == 2


@pytest.mark.parametrize(
    ("outcome", "state", "admitted"),
    [
        ("allow", "admitted", True),
        ("warn", "admitted", True),
        ("hold", "on_hold", False),
        ("deny", "refused", False),
    ],
)
def test_the_rules_decide(subject, outcome, state, admitted):
    admission = apply_as(subject)
    decided = services.decide_admission(
        actor=SYSTEM, admission=admission.public_id, outcome=outcome, decision="dec_1"
    )
    assert (decided.state, decided.decision) == (state, "dec_1")
    assert queries.is_admitted(subject.pk, "mobility", "buyer") is admitted
    event = OutboxEvent.objects.latest("pk")
    assert (event.type, event.data["state"], event.data["decision"]) == ("admission.decided", state, "dec_1")
    assert EvidenceRecord.objects.latest("pk").payload["outcome"] == outcome


def test_after_a_refusal_one_may_apply_again(subject):
    admission = apply_as(subject)
    services.decide_admission(actor=SYSTEM, admission=admission.public_id, outcome="deny", decision="dec_1")
    again = apply_as(subject)
    assert admission_facts(again.public_id)["refused_before"] == 1
    assert admission_facts(admission.public_id)["refused_before"] == 0


def test_a_person_decides_only_what_is_on_hold_and_says_why(subject, operator):
    admission = apply_as(subject)
    by_two = {"actor": operator, "first_person": "usr_first"}
    with pytest.raises(IllegalTransition):
        services.decide_admission(**by_two, admission=admission.public_id, outcome="allow", reason="知り合い")
    services.decide_admission(actor=SYSTEM, admission=admission.public_id, outcome="hold", decision="dec_1")
    with pytest.raises(FieldInvalid):
        services.decide_admission(**by_two, admission=admission.public_id, outcome="allow")
    for first_person in ("", operator.identifier):
        with pytest.raises(Forbidden):
            services.decide_admission(
                actor=operator,
                admission=admission.public_id,
                outcome="allow",
                reason="x",
                first_person=first_person,
            )
    with pytest.raises(IllegalTransition):
        services.decide_admission(
            actor=SYSTEM, admission=admission.public_id, outcome="allow", decision="dec_2"
        )
    with pytest.raises(Forbidden):
        services.decide_admission(
            actor=factories.actor_for(subject), admission=admission.public_id, outcome="allow", reason="x"
        )
    admission.refresh_from_db()
    assert (admission.state, admission.decision) == ("on_hold", "dec_1")
    cases.of_held(admission)
    cases.decide_held(admission.public_id, "allow", "登記を確認")
    decided = Admission.objects.get(pk=admission.pk)
    assert (decided.state, decided.decision, decided.reason) == ("admitted", "dec_1", "登記を確認")


def test_an_unknown_outcome_or_admission_is_refused(subject):
    admission = apply_as(subject)
    with pytest.raises(FieldInvalid):
        services.decide_admission(
            actor=SYSTEM, admission=admission.public_id, outcome="maybe", decision="dec_1"
        )
    with pytest.raises(Missing):
        services.decide_admission(actor=SYSTEM, admission="adm_nobody", outcome="allow", decision="dec_1")
    admission.refresh_from_db()
    assert admission.state == "applied"


def test_a_decision_that_comes_after_the_withdrawal_changes_nothing(subject):
    admission = apply_as(subject)
    services.withdraw_admission(actor=factories.actor_for(subject), admission=admission.public_id)
    events = OutboxEvent.objects.count()
    decided = services.decide_admission(
        actor=SYSTEM, admission=admission.public_id, outcome="allow", decision="dec_1"
    )
    assert (decided.state, decided.decision) == ("withdrawn", None)
    assert OutboxEvent.objects.count() == events


def test_only_its_own_organisation_and_the_operator_end_an_admission(subject, operator):
    admission = factories.admit(subject)
    with pytest.raises(Missing):
        services.withdraw_admission(
            actor=factories.actor_for(factories.organisation("B")), admission=admission.public_id
        )
    with pytest.raises(FieldInvalid):
        services.withdraw_admission(actor=operator, admission=admission.public_id)
    assert queries.is_admitted(subject.pk, "mobility", "buyer")
    services.withdraw_admission(actor=operator, admission=admission.public_id, reason="市場の終了")
    assert not queries.is_admitted(subject.pk, "mobility", "buyer")
    with pytest.raises(IllegalTransition):
        services.withdraw_admission(actor=factories.actor_for(subject), admission=admission.public_id)


def test_an_owner_of_the_operator_ends_no_admission_of_a_participant(subject, operator):
    admission = factories.admit(subject)
    owner = factories.actor_of(
        factories.person_of(Organisation.objects.get(is_operator=True), "chief", ["owner"])
    )
    with pytest.raises(PermissionNeeded):
        services.withdraw_admission(actor=owner, admission=admission.public_id, reason="x")
    admission.refresh_from_db()
    assert admission.state == "admitted"


def test_require_admitted_says_what_is_missing(subject):
    with pytest.raises(NotAdmitted):
        queries.require_admitted(subject.pk, "mobility", "buyer")
    factories.admit(subject)
    queries.require_admitted(subject.pk, "mobility", "buyer")
    with pytest.raises(NotAdmitted):
        queries.require_admitted(subject.pk, "mobility", "seller")
    services.suspend_participant(
        actor=SYSTEM, organisation=subject.public_id, reason_code="r", reason="確認中"
    )
    with pytest.raises(OrganisationSuspended):
        queries.require_admitted(subject.pk, "mobility", "buyer")


def test_the_facts_of_an_application_hold_no_personal_data(subject):
    admission = apply_as(subject, declarations={**factories.DECLARATIONS, "purpose": "讃岐 花子"})
    assert admission_facts(admission.public_id) == {
        "organisation": subject.public_id,
        "kind": "business",
        "country": "JP",
        "segment": "mobility",
        "capacity": "buyer",
        "active": True,
        "is_operator": False,
        "operator_affiliate": False,
        "corporate_number_valid": True,
        "invoice_registered": False,
        "payout_account_stated": False,
        "representative_stated": True,
        "antisocial_forces_excluded": True,
        "security_contact_stated": True,
        "barred_by_privacy_law": False,
        "qualifications": [],
        "disqualified": False,
        "disqualification_grounds": [],
        "officer_disqualified": False,
        "refused_before": 0,
        "related_organisations": [],
        "shares_representative_with_operator": False,
    }
    with pytest.raises(Missing):
        admission_facts("adm_nobody")


def test_counts_tell_admitted_refused_and_suspended(operator):
    admitted, refused, both = (factories.organisation(label) for label in "ABC")
    for organisation, outcome in ((admitted, "allow"), (refused, "deny"), (both, "deny")):
        admission = factories.application_for(organisation)
        services.decide_admission(
            actor=SYSTEM, admission=admission.public_id, outcome=outcome, decision="dec_1"
        )
    factories.admit(both, capacity="seller")
    services.suspend_participant(actor=SYSTEM, organisation=both.public_id, reason_code="r", reason="確認中")
    assert queries.counts() == {"registered": 3, "admitted": 2, "refused": 1, "suspended": 1}
    assert queries.held_by_affiliates() == 0
    assert queries.decided_admissions() == (4, 4)
    factories.application_for(admitted, capacity="seller")
    assert queries.decided_admissions() == (4, 5)
