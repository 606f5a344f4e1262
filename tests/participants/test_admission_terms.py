"""Admissions with a last day and on conditions: stated by two, reminded of, ended by the sweep, and renewed by an application."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.cases import services as cases
from marketplace.cases.models import Case
from marketplace.events.models import OutboxEvent
from marketplace.evidence.row_records import unexplained_rows
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.invariants import REGISTER, verify_all
from marketplace.participants import queries, services, sweeping
from marketplace.participants.admission_terms import AdmissionTerms
from marketplace.participants.errors import AdmissionExists
from marketplace.participants.models import Admission, AdmissionCondition, Qualification
from marketplace.participants.qualification_queries import conditions_to_settle
from marketplace.rules.queries import admission_ends_on
from tests.cases import factories as held_cases
from tests.roles import assert_refused, unguarded
from tests.rules import factories as rules

from . import factories

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
TODAY = NOON.date()
CONDITION = {
    "qualification": "isms",
    "due_on": TODAY + timedelta(days=60),
    "text": {"ja": "ISMS認証の取得", "en": "Obtain ISMS certification"},
}


@pytest.fixture(autouse=True)
def staffed():
    clock.move_to(NOON, running=False)
    return factories.operator()


@pytest.fixture
def subject(staffed):
    return factories.organisation("A")


@pytest.fixture
def owner(subject):
    return factories.member_for(subject, "usr_owner")


def later(days: int) -> None:
    clock.move_to(clock.now() + timedelta(days=days), running=False)


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def refused(statement: str, because: str) -> None:
    assert_refused(lambda: run(statement), because=because)


def broken() -> list[str]:
    return [name for name, rows in verify_all().items() if rows] + [str(unexplained_rows())] * bool(
        unexplained_rows()
    )


def allowed(subject, **terms) -> Admission:
    """An admission that two people gave on these terms."""
    case = held_cases.opened(subject)
    stated = {"case": case.public_id, "outcome": "allow", "reason": held_cases.REASON, **terms}
    first, second = held_cases.pair()
    with pytest.raises(SecondPersonNeeded):
        cases.resolve_case(actor=first, **stated)
    cases.resolve_case(actor=second, **stated)
    return Admission.objects.get(public_id=case.subject)


def given(subject, days: int) -> Admission:
    """An admission that the rules gave for so many days."""
    row = factories.application_for(subject)
    return services.decide_admission(
        actor=SYSTEM,
        admission=row.public_id,
        outcome="allow",
        decision="dec_test",
        terms=AdmissionTerms(expires_on=clock.today() + timedelta(days=days)),
    )


def stated(owner, kind: str = "isms") -> Qualification:
    return services.state_qualification(
        actor=owner, kind=kind, issuer="機構", reference="1", valid_from=TODAY, document_sha256="0" * 64
    )


def verify(row: Qualification) -> None:
    services.verify_qualification(actor=held_cases.pair()[0], qualification=row.public_id)


def state_of(admission: Admission) -> str:
    return Admission.objects.get(pk=admission.pk).state


def changes() -> list[str]:
    rows = OutboxEvent.objects.filter(type="admission.condition_moved").order_by("pk")
    return [row.data["change"] for row in rows]


def test_two_people_admit_until_a_day_and_on_conditions(subject, owner):
    admission = allowed(subject, expires_on=TODAY + timedelta(days=365), conditions=[CONDITION])
    condition = AdmissionCondition.objects.get(admission=admission)
    assert (admission.state, admission.expires_on) == ("admitted", TODAY + timedelta(days=365))
    assert (condition.kind.code, condition.text_ja, condition.is_met) == ("isms", "ISMS認証の取得", None)
    shown = factories.client_of(subject).get("/api/v1/admissions/").json()["results"][0]
    assert (shown["expires_on"], shown["conditions"][0]["text"]["en"]) == (
        "2031-04-01",
        "Obtain ISMS certification",
    )
    verify(stated(owner))
    assert sweeping.end_admissions() == 1
    condition.refresh_from_db()
    assert (condition.is_met, state_of(admission), changes()) == (True, "admitted", ["stated", "met"])
    assert broken() == []


def test_both_people_state_the_same_terms(subject):
    case = held_cases.opened(subject)
    first, second = held_cases.pair()
    said = {"case": case.public_id, "outcome": "allow", "reason": held_cases.REASON}
    with pytest.raises(SecondPersonNeeded):
        cases.resolve_case(actor=first, conditions=[CONDITION], **said)
    with pytest.raises(SecondPersonNeeded):
        cases.resolve_case(actor=second, **said)
    assert (Case.objects.get().state, AdmissionCondition.objects.count()) == ("open", 0)


@pytest.mark.parametrize(
    ("outcome", "terms", "field"),
    [
        ("allow", {"expires_on": TODAY}, "expires_on"),
        ("deny", {"expires_on": TODAY + timedelta(days=9)}, "expires_on"),
        ("deny", {"conditions": [CONDITION]}, "conditions"),
        ("allow", {"conditions": [CONDITION] * 11}, "conditions"),
        ("allow", {"conditions": [CONDITION, CONDITION]}, "conditions.1.qualification"),
        ("allow", {"conditions": [CONDITION | {"qualification": "magic"}]}, "conditions.0.qualification"),
        ("allow", {"conditions": [CONDITION | {"due_on": TODAY - timedelta(days=1)}]}, "conditions.0.due_on"),
        (
            "allow",
            {"conditions": [CONDITION], "expires_on": TODAY + timedelta(days=9)},
            "conditions.0.due_on",
        ),
        ("allow", {"conditions": [CONDITION | {"text": {"ja": "x"}}]}, "conditions.0.text.en"),
    ],
)
def test_wrong_terms_are_named_and_change_nothing(subject, outcome, terms, field):
    case = held_cases.opened(subject)
    with pytest.raises(FieldInvalid) as refusal:
        cases.resolve_case(
            actor=held_cases.pair()[0], case=case.public_id, outcome=outcome, reason="x", **terms
        )
    assert (refusal.value.name, Case.objects.get().state) == (field, "open")


def test_a_missed_condition_ends_the_admission(subject):
    admission = allowed(subject, conditions=[CONDITION])
    later(29)
    assert sweeping.remind_of_ends() == 0
    later(1)
    assert (sweeping.remind_of_ends(), sweeping.remind_of_ends()) == (1, 0)
    later(30)
    assert (sweeping.end_admissions(), state_of(admission)) == (0, "admitted")
    later(1)
    assert sweeping.end_admissions() == 1
    assert (state_of(admission), changes()) == ("lapsed", ["stated", "due", "missed"])
    assert not queries.is_admitted(subject.pk, "mobility", "buyer")
    assert factories.application_for(subject).renews is None
    assert broken() == []


def test_what_waits_for_the_operator_is_not_missed(subject, owner):
    admission = allowed(subject, conditions=[CONDITION])
    row = stated(owner)
    later(61)
    assert (sweeping.end_admissions(), state_of(admission)) == (0, "admitted")
    services.refuse_qualification(
        actor=held_cases.pair()[0], qualification=row.public_id, reason="確認できません。"
    )
    assert (sweeping.end_admissions(), state_of(admission)) == (1, "lapsed")
    assert broken() == []


def test_an_admission_expires_after_its_last_day(subject):
    admission = given(subject, 40)
    later(10)
    assert (sweeping.remind_of_ends(), sweeping.remind_of_ends()) == (1, 0)
    assert OutboxEvent.objects.get(type="admission.ending").data["expires_on"] == "2030-05-11"
    later(30)
    assert (sweeping.end_admissions(), queries.is_admitted(subject.pk, "mobility", "buyer")) == (0, True)
    later(1)
    # It ends with the day, whether the sweep has run or not.
    assert not queries.is_admitted(subject.pk, "mobility", "buyer")
    assert (sweeping.end_admissions(), state_of(admission)) == (1, "expired")
    assert OutboxEvent.objects.filter(type="admission.decided").latest("pk").data["state"] == "expired"
    assert broken() == []


def test_a_condition_of_an_admission_that_ended_falls_away(subject, owner):
    admission = allowed(subject, conditions=[CONDITION])
    services.withdraw_admission(actor=owner, admission=admission.public_id)
    assert sweeping.end_admissions() == 1
    assert (changes(), state_of(admission)) == (["stated", "dropped"], "withdrawn")
    assert broken() == []


def test_a_renewal_takes_the_place_of_what_it_renews(subject):
    earlier = given(subject, 100)
    with pytest.raises(AdmissionExists):
        factories.application_for(subject)
    later(10)
    renewal = factories.application_for(subject)
    assert renewal.renews == earlier
    with pytest.raises(AdmissionExists):
        factories.application_for(subject)
    assert (broken(), queries.is_admitted(subject.pk, "mobility", "buyer")) == ([], True)
    services.decide_admission(actor=SYSTEM, admission=renewal.public_id, outcome="allow", decision="dec_test")
    assert (state_of(earlier), state_of(renewal)) == ("renewed", "admitted")
    assert broken() == []


def test_a_renewal_that_is_refused_leaves_the_admission(subject):
    earlier = given(subject, 50)
    renewal = factories.application_for(subject)
    services.decide_admission(actor=SYSTEM, admission=renewal.public_id, outcome="deny", decision="dec_test")
    assert (state_of(earlier), state_of(renewal)) == ("admitted", "refused")
    assert broken() == []


def test_the_rulebook_says_how_long_an_admission_is_given():
    assert admission_ends_on() is None
    rules.publish(rules.document(parameters={"admission_days": 365}))
    assert admission_ends_on() == TODAY + timedelta(days=365)


def test_no_condition_is_due_after_the_last_day_that_the_rulebook_gives(subject):
    rules.publish(rules.document(parameters={"admission_days": 30}))
    case = held_cases.opened(subject)
    stated = {"case": case.public_id, "outcome": "allow", "reason": held_cases.REASON}
    with pytest.raises(FieldInvalid) as refusal:
        cases.resolve_case(actor=held_cases.pair()[0], conditions=[CONDITION], **stated)
    assert (refusal.value.name, Case.objects.get().state) == ("conditions.0.due_on", "open")
    last = {**CONDITION, "due_on": TODAY + timedelta(days=30)}
    with pytest.raises(SecondPersonNeeded):
        cases.resolve_case(actor=held_cases.pair()[0], conditions=[last], **stated)
    cases.resolve_case(actor=held_cases.pair()[1], conditions=[last], **stated)
    admission = Admission.objects.get(public_id=case.subject)
    assert (admission.expires_on, admission.conditions.get().due_on) == (last["due_on"], last["due_on"])
    assert broken() == []


def test_the_database_keeps_conditions_within_the_admission(subject):
    admission = allowed(subject, expires_on=TODAY + timedelta(days=90), conditions=[CONDITION])
    insert = (
        "INSERT INTO participants_admissioncondition (public_id, admission_id, kind_id, due_on, text_ja, text_en, stated_at)"
        f" SELECT 'acd_raw', {admission.pk}, k.id, '{TODAY + timedelta(days=91)}', 'x', 'x', public.business_now()"
        "   FROM participants_qualificationkind k WHERE k.code = 'cbpr'"
    )
    refused(f"{insert}; SET CONSTRAINTS ALL IMMEDIATE", "is not that of its admission")
    connection.check_constraints()
    with unguarded("participants_admissioncondition"):
        run(insert)
    found = REGISTER["participants.admissions_end_as_given"].check()
    assert [row["public_id"] for row in found] == ["acd_raw"]


def test_a_condition_that_no_case_states_is_named(subject):
    allowed(subject, conditions=[CONDITION])
    by_rules = given(factories.organisation("B"), 100)
    assert broken() == []
    with unguarded("participants_admissioncondition"):
        run(
            "INSERT INTO participants_admissioncondition (public_id, admission_id, kind_id, due_on, text_ja, text_en, stated_at)"
            f" SELECT 'acd_raw', {by_rules.pk}, k.id, '2030-06-01', 'x', 'x', public.business_now()"
            "   FROM participants_qualificationkind k WHERE k.code = 'cbpr'"
        )
    found = REGISTER["cases.conditions_are_stated_in_their_case"].check()
    assert [row["public_id"] for row in found] == ["acd_raw"]


def test_the_database_keeps_terms(subject, owner):
    admission = allowed(subject, conditions=[CONDITION])
    ends = "UPDATE participants_admission SET {}"
    for change, because in (
        ("expires_on = '2031-01-01'", "stated when it is given"),
        ("state = 'expired'", "does not become expired"),
        ("state = 'lapsed'", "does not become lapsed"),
    ):
        refused(ends.format(change), because)
    refused(ends.format("state = 'renewed'") + "; SET CONSTRAINTS ALL IMMEDIATE", "nothing renews")
    settles = "UPDATE participants_admissioncondition SET settled_at = public.business_now(), is_met = {}"
    for is_met in ("true", "false", "NULL"):
        refused(settles.format(is_met), "is not settled so now")
    refused("UPDATE participants_admissioncondition SET due_on = '2031-01-01'", "cannot be changed")
    refused("DELETE FROM participants_admissioncondition", "are kept")
    by_rules = given(factories.organisation("B"), 50)
    insert = (
        "INSERT INTO participants_admissioncondition (public_id, admission_id, kind_id, due_on, text_ja, text_en, stated_at)"
        f" SELECT 'acd_raw', {by_rules.pk}, k.id, '2030-06-01', 'x', 'x', public.business_now()"
        "   FROM participants_qualificationkind k WHERE k.code = 'cbpr'"
    )
    refused(insert, "two people state the conditions")
    second = (
        "INSERT INTO participants_admission (public_id, organisation_id, segment_id, capacity, state, declarations, reason,"
        " applied_at) SELECT 'adm_raw', organisation_id, segment_id, capacity, 'applied', '{}', '', applied_at"
        f" FROM participants_admission WHERE id = {admission.pk}"
    )
    refused(second, "stands and is not to be renewed")
    later(61)
    refused(settles.format("false") + "; SET CONSTRAINTS ALL IMMEDIATE", "is not that of its admission")
    assert (state_of(admission), AdmissionCondition.objects.get().settled_at) == ("admitted", None)
    with unguarded("participants_admission"), transaction.atomic():
        Admission.objects.filter(pk=admission.pk).update(state="lapsed")
    assert len(REGISTER["participants.admissions_end_as_given"].check()) == 1


def test_what_waits_for_the_operator_stands_before_no_other(subject, owner):
    waiting = allowed(subject, conditions=[CONDITION])
    row = stated(owner)
    later(1)
    other = factories.organisation("B")
    missed = allowed(other, conditions=[{**CONDITION, "due_on": CONDITION["due_on"] + timedelta(days=1)}])
    later(61)
    due = [condition.admission.public_id for condition in conditions_to_settle()]
    assert due == [missed.public_id]
    assert (sweeping.end_admissions(), state_of(waiting), state_of(missed)) == (1, "admitted", "lapsed")
    services.refuse_qualification(
        actor=held_cases.pair()[0], qualification=row.public_id, reason="一覧にない。"
    )
    assert (sweeping.end_admissions(), state_of(waiting)) == (1, "lapsed")


def test_what_was_stated_after_the_day_is_not_waited_for(subject, owner):
    admission = allowed(subject, conditions=[CONDITION])
    # 23:30 of the last day in Tokyo, and 00:30 of the next.
    clock.move_to(datetime(2030, 5, 31, 14, 30, tzinfo=UTC), running=False)
    row = stated(owner)
    later(1)
    assert not conditions_to_settle().exists()
    with unguarded("participants_qualification"):
        Qualification.objects.filter(pk=row.pk).update(stated_at=datetime(2030, 5, 31, 15, 30, tzinfo=UTC))
    assert conditions_to_settle().get().admission == admission
    assert (sweeping.end_admissions(), state_of(admission)) == (1, "lapsed")
