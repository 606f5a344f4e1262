"""A new rulebook re-evaluates everybody who is admitted: who would not pass now is told, and keeps the admission."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.cases.handlers import on_admission_rescreened
from marketplace.cases.models import Case
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.participants import DisqualificationMoved, QualificationMoved
from marketplace.events.schemas.rules import AdmissionRescreened
from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs.kinds import report_nothing
from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import verify_all
from marketplace.participants.admission_queries import admission_facts, facts_of_admissions
from marketplace.participants.models import Admission
from marketplace.rules.handlers import rescreen_disqualified, rescreen_holder
from marketplace.rules.models import Decision, Rescreening
from marketplace.rules.queries import rulebook_in_force
from marketplace.rules.rescreening.screening import rescreen, rescreen_organisation
from marketplace.rules.rescreening.services import enqueue_due
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

from .factories import document, publish, publishers, rule

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
PASS = rule("ADM-9", "applicant.active", "allow", point="admission")
NO_SELLERS = rule("ADM-1", "applicant.capacity == 'seller'", "deny", point="admission")


@pytest.fixture(autouse=True)
def three():
    """Two buyers and a seller, admitted."""
    clock.move_to(NOON, running=False)
    publish(document(PASS))
    publishers()
    return [
        participants.admit(participants.organisation(label), capacity=capacity)
        for label, capacity in (("A", "buyer"), ("B", "buyer"), ("C", "seller"))
    ]


def rescreened() -> Rescreening:
    """The re-screening under the rulebook in force, made by its job."""
    assert enqueue_due()
    run_due("documents")
    assert not enqueue_due()
    return Rescreening.objects.latest("pk")


def told() -> list[AdmissionRescreened]:
    rows = OutboxEvent.objects.filter(type="admission.rescreened").order_by("pk")
    return [AdmissionRescreened(**row.data) for row in rows]


def handle_moves() -> None:
    """Handle the last event of a qualification, as the pipe does."""
    event = OutboxEvent.objects.filter(type="qualification.moved").latest("pk")
    rescreen_holder(QualificationMoved(**event.data), None)  # type: ignore[arg-type]


def counts(row: Rescreening) -> tuple[int, int, int]:
    return (row.evaluated, row.stopped, row.cleared)


def broken() -> set[str]:
    return {name for name, breaches in verify_all().items() if breaches}


def test_many_are_loaded_at_once_with_the_same_facts(three):
    twice = participants.organisation("D", payout_account=participants.PAYOUT_ACCOUNT)
    refused = participants.application_for(twice)
    participants.services.decide_admission(
        actor=SYSTEM, admission=refused.public_id, outcome="deny", decision="dec_test"
    )
    again = participants.admit(twice)
    known = [admission.public_id for admission in (*three, refused, again)]
    loaded = facts_of_admissions([*known, "adm_none"])
    assert loaded == {admission: admission_facts(admission) for admission in known}
    assert (loaded[again.public_id]["refused_before"], len(loaded)) == (1, 5)


def test_many_are_loaded_by_as_many_queries_as_one(three):
    def queries(rows: list[Admission]) -> int:
        with CaptureQueriesContext(connection) as made:
            assert len(facts_of_admissions([row.public_id for row in rows])) == len(rows)
        return len(made)

    queries(three)
    assert queries(three[:1]) == queries(three)


def test_nobody_is_shut_out_in_silence(three):
    assert counts(rescreened()) == (3, 0, 0)
    publish(document(PASS, NO_SELLERS))
    assert counts(rescreened()) == (3, 1, 0)
    (event,) = told()
    assert (event.admission, event.outcome, event.passes) == (three[2].public_id, "deny", False)
    assert Decision.objects.get(public_id=event.decision).reasons[1]["rule"] == "ADM-1"
    assert Admission.objects.get(pk=three[2].pk).state == "admitted"
    assert broken() == set()


def test_progress_is_reported_and_a_second_run_finds_the_first(three):
    publish(document(PASS, NO_SELLERS))
    reported: list[tuple[int, int]] = []
    in_force = rulebook_in_force().public_id
    first = rescreen(in_force, lambda done, total: reported.append((done, total)))
    assert reported == [(3, 3)]
    assert rescreen(in_force, report_nothing) == first
    assert (len(told()), Rescreening.objects.count()) == (1, 1)


def test_a_rulebook_that_is_in_force_no_more_is_left_to_the_next(three):
    before = rulebook_in_force().public_id
    publish(document(PASS, NO_SELLERS))
    assert rescreen(before, report_nothing) is None
    assert (len(told()), Rescreening.objects.count()) == (0, 0)


def test_who_passes_again_needs_no_review(three):
    publish(document(PASS, NO_SELLERS))
    rescreened()
    publish(document(PASS))
    assert counts(rescreened()) == (3, 0, 1)
    assert [event.passes for event in told()] == [False, True]
    assert EvidenceRecord.objects.filter(kind="rules.rescreened").count() == 2


def test_what_is_stopped_already_is_not_told_again():
    publish(document(PASS, NO_SELLERS))
    rescreened()
    publish(document(PASS, NO_SELLERS, parameters={"usage_days": 2}))
    assert counts(rescreened()) == (3, 0, 0)
    assert len(told()) == 1


def test_a_qualification_that_is_lost_is_never_lost_in_silence(three):
    banks = rule("ADM-2", "!('isms' in applicant.qualifications)", "hold", point="admission")
    organisation = three[0].organisation
    owner, clerk = participants.member_for(organisation, "usr_holder"), publishers()[0]
    publish(document(PASS, banks))
    rescreened()
    assert [event.cause for event in told()] == ["rulebook"] * 3
    stated = {"kind": "isms", "issuer": "機構", "reference": "1", "document_sha256": "0" * 64}
    row = participants.services.state_qualification(actor=owner, valid_from=NOON.date(), **stated)
    participants.services.verify_qualification(actor=clerk, qualification=row.public_id)
    handle_moves()
    assert [(event.passes, event.cause) for event in told()[3:]] == [(True, "facts")]
    participants.services.revoke_qualification(actor=clerk, qualification=row.public_id, reason="失効")
    handle_moves()
    event = told()[-1]
    assert (event.admission, event.passes, event.outcome) == (three[0].public_id, False, "hold")
    on_admission_rescreened(event, None)  # type: ignore[arg-type]
    case = Case.objects.get(subject=event.admission, state="open")
    assert (case.kind, case.decision) == ("rescreening", event.decision)
    assert broken() == set()


@pytest.mark.parametrize("end", ["withdrawn", "expired"])
def test_a_qualification_that_was_never_verified_is_no_loss(three, end):
    organisation = three[0].organisation
    owner = participants.member_for(organisation, "usr_holder")
    publish(document(PASS, rule("ADM-2", "!('isms' in applicant.qualifications)", "hold", point="admission")))
    rescreened()
    before = (len(told()), Decision.objects.count())
    row = participants.services.state_qualification(
        actor=owner,
        kind="isms",
        issuer="機構",
        reference="1",
        document_sha256="0" * 64,
        valid_from=NOON.date(),
        valid_until=NOON.date(),
    )
    if end == "withdrawn":
        participants.services.withdraw_qualification(actor=owner, qualification=row.public_id, reason="誤り")
    else:
        clock.move_to(NOON + timedelta(days=1), running=False)
        assert participants.services.expire_qualification(row.public_id)
    assert OutboxEvent.objects.filter(type="qualification.moved").latest("pk").data["state"] == end
    handle_moves()
    assert (len(told()), Decision.objects.count()) == before


def test_a_disqualification_is_told_to_whom_it_concerns(three):
    publish(document(PASS, rule("ADM-4", "applicant.disqualified", "deny", point="admission")))
    rescreened()
    first, second = publishers()
    stated = {
        "organisation": three[1].organisation.public_id,
        "ground": "revoked",
        "source": "告示",
        "until": NOON.date(),
    }
    with pytest.raises(SecondPersonNeeded):
        participants.services.disqualify(actor=first, **stated)
    participants.services.disqualify(actor=second, **stated)
    event = OutboxEvent.objects.get(type="disqualification.moved")
    rescreen_disqualified(DisqualificationMoved(**event.data), None)  # type: ignore[arg-type]
    assert [(each.admission, each.outcome, each.cause) for each in told()] == [
        (three[1].public_id, "deny", "facts")
    ]


def test_a_loss_is_told_where_two_people_admitted_what_the_rules_held(three):
    before = len(told())
    publish(document(PASS, rule("ADM-3", "applicant.capacity == 'buyer'", "hold", point="admission")))
    rescreened()
    counted = len(told())
    rescreen_organisation(three[0].organisation.public_id, lost=False)
    assert len(told()) == counted
    rescreen_organisation(three[0].organisation.public_id, lost=True)
    assert (before, len(told())) == (0, counted + 1)


def test_a_version_that_waits_is_not_screened_yet():
    rescreened()
    publish(document(PASS, NO_SELLERS), effective_from=NOON + timedelta(days=1))
    assert not enqueue_due()
    clock.move_to(NOON + timedelta(days=1), running=False)
    assert counts(rescreened()) == (3, 1, 0)


def test_a_made_up_count_is_named():
    rescreened()
    assert_refused(
        lambda: connection.cursor().execute("UPDATE rules_rescreening SET stopped = 1"), because="append-only"
    )
    with unguarded("rules_rescreening"), connection.cursor() as cursor:
        cursor.execute("UPDATE rules_rescreening SET stopped = 1")
    assert "rules.rescreened_by_decisions" in broken()
