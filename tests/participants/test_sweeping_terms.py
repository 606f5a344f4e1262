"""One qualification, admission or condition that is poison stands aside, and stops no other (``tests.poison``)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.cases import services as cases
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.participants import services, sweeping
from marketplace.participants.admission_terms import AdmissionTerms
from marketplace.participants.models import AdmissionCondition
from tests.cases import factories as held_cases

from . import factories
from .test_sweeping import stand_aside

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
LAST_DAY = NOON.date() + timedelta(days=20)
TEXT = {"ja": "取得", "en": "Obtain it"}


@pytest.fixture(autouse=True)
def staffed():
    clock.move_to(NOON, running=False)
    return factories.operator()


def two(make):
    """What ``make`` gives for each of two organisations."""
    return [make(factories.organisation(label)) for label in ("A", "B")]


def over() -> None:
    clock.move_to(NOON + timedelta(days=21), running=False)


def qualification(subject):
    row = services.state_qualification(
        actor=factories.member_for(subject, f"usr_{subject.public_id[-6:].lower()}"),
        kind="isms",
        issuer="機構",
        reference="1",
        valid_from=NOON.date(),
        valid_until=LAST_DAY,
        document_sha256="0" * 64,
    )
    return services.verify_qualification(actor=held_cases.pair()[0], qualification=row.public_id)


def admission(subject):
    return services.decide_admission(
        actor=SYSTEM,
        admission=factories.application_for(subject).public_id,
        outcome="allow",
        decision="dec_test",
        terms=AdmissionTerms(expires_on=LAST_DAY),
    )


def condition(subject):
    case = held_cases.opened(subject)
    stated = {"qualification": "isms", "due_on": LAST_DAY, "text": TEXT}
    said = {"case": case.public_id, "outcome": "allow", "reason": "x", "conditions": [stated]}
    first, second = held_cases.pair()
    with pytest.raises(SecondPersonNeeded):
        cases.resolve_case(actor=first, **said)
    cases.resolve_case(actor=second, **said)
    return AdmissionCondition.objects.get(admission__public_id=case.subject)


def test_a_qualification_that_cannot_expire_stands_aside():
    stuck, other = two(qualification)
    over()
    stand_aside(
        "participants.expire_qualifications",
        sweeping.expire_qualifications,
        "participants_qualification",
        stuck,
        other,
        "NEW.state = 'expired'",
    )


def test_a_qualification_that_cannot_be_reminded_of_stands_aside():
    stuck, other = two(qualification)
    stand_aside(
        "participants.remind_of_expiry",
        sweeping.expire_qualifications,
        "participants_qualification",
        stuck,
        other,
        "NEW.reminded_at IS NOT NULL",
    )


def test_an_admission_that_cannot_expire_stands_aside():
    stuck, other = two(admission)
    over()
    stand_aside(
        "participants.expire_admissions",
        sweeping.end_admissions,
        "participants_admission",
        stuck,
        other,
        "NEW.state = 'expired'",
    )


def test_an_admission_that_cannot_be_reminded_of_stands_aside():
    stuck, other = two(admission)
    stand_aside(
        "participants.remind_of_admissions",
        sweeping.remind_of_ends,
        "participants_admission",
        stuck,
        other,
        "NEW.reminded_at IS NOT NULL",
    )


def test_a_condition_that_cannot_be_settled_stands_aside():
    stuck, other = two(condition)
    over()
    stand_aside(
        "participants.settle_conditions",
        sweeping.end_admissions,
        "participants_admissioncondition",
        stuck,
        other,
        "NEW.settled_at IS NOT NULL",
    )


def test_a_condition_that_cannot_be_reminded_of_stands_aside():
    stuck, other = two(condition)
    stand_aside(
        "participants.remind_of_conditions",
        sweeping.remind_of_ends,
        "participants_admissioncondition",
        stuck,
        other,
        "NEW.reminded_at IS NOT NULL",
    )


def disqualification(subject):
    said = {"organisation": subject.public_id, "ground": "revoked", "source": "告示", "until": LAST_DAY}
    first, second = held_cases.pair()
    with pytest.raises(SecondPersonNeeded):
        services.disqualify(actor=first, **said)
    return services.disqualify(actor=second, **said)


def test_a_disqualification_that_cannot_end_stands_aside():
    stuck, other = two(disqualification)
    over()
    stand_aside(
        "participants.end_disqualifications",
        sweeping.end_disqualifications,
        "participants_disqualification",
        stuck,
        other,
        "NEW.ended_at IS NOT NULL",
    )
