"""An admission that a new rulebook would not give is a case: two people keep it until a day, or end it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.cases import services, sweeping
from marketplace.cases.handlers import on_admission_decided, on_admission_rescreened, on_case_moved
from marketplace.cases.models import Case
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.cases import CaseMoved
from marketplace.events.schemas.participants import AdmissionDecided
from marketplace.events.schemas.rules import AdmissionRescreened
from marketplace.jobs.kinds import report_nothing
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid, IllegalTransition
from marketplace.kernel.invariants import REGISTER
from marketplace.notices.models import Notice, Task
from marketplace.participants import services as participants
from marketplace.participants import sweeping as ends
from marketplace.participants.models import Admission, Organisation
from marketplace.participants.services.admissions import advance_admission
from marketplace.rules.queries import rulebook_in_force
from marketplace.rules.rescreening.screening import rescreen
from tests.notices.factories import handle
from tests.participants import factories as parties
from tests.poison import RUNS, aside, poisoned
from tests.roles import assert_refused, unguarded
from tests.rules.factories import document, publish, rule

from .factories import REASON, appealed, pair

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
PASS = rule("ADM-9", "applicant.active", "allow", point="admission")
NO_BUYERS = rule("ADM-1", "applicant.capacity == 'buyer'", "deny", point="admission")


@pytest.fixture(autouse=True)
def admitted(subject: Organisation) -> Admission:
    """An admission under rules that admit everybody."""
    clock.move_to(NOON, running=False)
    publish(document(PASS))
    return parties.admit(subject)


def rescreened(*rules: dict[str, object]) -> None:
    """A new rulebook, the re-screening under it, and what follows from its events."""
    publish(document(PASS, *rules))
    rescreen(rulebook_in_force().public_id, report_nothing)
    for row in OutboxEvent.objects.filter(type="admission.rescreened").order_by("pk"):
        handle(on_admission_rescreened, AdmissionRescreened(**row.data))
    follow()


def follow() -> None:
    for row in OutboxEvent.objects.filter(type="case.moved").order_by("pk"):
        handle(on_case_moved, CaseMoved(**row.data))


def decided(case: Case, outcome: str, until: datetime | None = None) -> Case:
    stated = {"case": case.public_id, "outcome": outcome, "reason": REASON, "until": until}
    first, second = pair()
    with pytest.raises(SecondPersonNeeded):
        services.resolve_case(actor=first, **stated)
    return services.resolve_case(actor=second, **stated)


def named() -> list[str]:
    return [row["public_id"] for row in REGISTER["cases.stopped_admissions_are_decided"].check()]


def test_a_stopped_admission_stands_and_is_a_case_of_which_its_holder_is_told(admitted):
    rescreened(NO_BUYERS)
    case = Case.objects.get()
    assert (case.kind, case.subject, case.state) == ("rescreening", admitted.public_id, "open")
    assert Task.objects.filter(subject=case.public_id, kind="review", state="open").count() == 1
    notice = Notice.objects.get(organisation_id=case.organisation_id, subject=case.public_id)
    assert (case.public_id in notice.body["ja"], "規則" in notice.body["ja"]) == (True, True)
    admitted.refresh_from_db()
    assert (admitted.state, named()) == ("admitted", [])


def test_who_passes_again_needs_no_decision(admitted):
    rescreened(NO_BUYERS)
    rescreened()
    assert (Case.objects.get().state, named()) == ("moot", [])


def test_two_people_keep_it_until_a_day_and_then_it_is_looked_at_again(admitted):
    rescreened(NO_BUYERS)
    until = NOON + timedelta(days=30)
    case = decided(Case.objects.get(), "keep", until)
    assert (case.outcome, case.kept_until, admitted.state) == ("keep", until, "admitted")
    assert sweeping.look_again_due() == 0
    clock.move_to(until, running=False)
    assert sweeping.look_again_due() == 1
    again = Case.objects.get(state="open")
    assert (again.subject, again.kind, named()) == (case.subject, "rescreening", [])
    assert sweeping.look_again_due() == 0


def test_what_cannot_be_looked_at_again_stops_no_other(admitted, other):
    parties.admit(other)
    rescreened(NO_BUYERS)
    until = NOON + timedelta(days=30)
    stuck, fine = (decided(case, "keep", until) for case in Case.objects.order_by("pk"))
    clock.move_to(until, running=False)
    with poisoned("cases_case", f"NEW.public_id = '{stuck.public_id}'"):
        for _ in range(RUNS):
            sweeping.look_again_due()
    assert aside("cases.look_again") == [stuck.public_id]
    assert [case.subject for case in Case.objects.filter(state="open")] == [fine.subject]


def test_what_passes_when_its_day_comes_is_not_looked_at_again(admitted):
    rescreened(NO_BUYERS)
    decided(Case.objects.get(), "keep", NOON + timedelta(days=30))
    rescreened()
    clock.move_to(NOON + timedelta(days=30), running=False)
    assert (sweeping.look_again_due(), Case.objects.filter(state="open").count()) == (1, 0)


def test_two_people_end_it_and_the_participant_may_appeal(admitted, owner):
    rescreened(NO_BUYERS)
    case = decided(Case.objects.get(), "end")
    admitted.refresh_from_db()
    assert (admitted.state, admitted.reason) == ("withdrawn", REASON)
    assert appealed(owner, case.public_id).kind == "appeal"
    assert named() == []


def test_an_admission_that_its_holder_withdraws_needs_no_decision(admitted, owner):
    rescreened(NO_BUYERS)
    participants.withdraw_admission(actor=owner, admission=admitted.public_id)
    event = OutboxEvent.objects.filter(subject=admitted.public_id, type="admission.decided").latest("pk")
    handle(on_admission_decided, AdmissionDecided(**event.data))
    assert Case.objects.get().state == "moot"


def end_otherwise(admission: Admission, state: str, subject: Organisation) -> None:
    """End an admission in another way than by its case."""
    if state == "expired":
        clock.move_to(NOON + timedelta(days=31), running=False)
        ends.end_admissions()
    elif state == "lapsed":
        with unguarded("participants_admission"):
            advance_admission(SYSTEM, admission, "lapse")
    else:
        parties.admit(subject)


@pytest.mark.parametrize("state", ["expired", "lapsed", "renewed"])
def test_an_admission_that_ends_in_another_way_needs_no_decision(subject, admitted, state):
    with unguarded("participants_admission"):
        Admission.objects.update(expires_on=NOON.date() + timedelta(days=30))
    rescreened(NO_BUYERS)
    admitted.refresh_from_db()
    end_otherwise(admitted, state, subject)
    admitted.refresh_from_db()
    # Its event is still to be handled.
    assert (admitted.state, Case.objects.get().state, misplaced()) == (state, "open", [])
    event = OutboxEvent.objects.filter(subject=admitted.public_id, type="admission.decided").latest("pk")
    handle(on_admission_decided, AdmissionDecided(**event.data))
    case = Case.objects.get()
    assert (case.state, misplaced()) == ("moot", [])
    follow()
    assert Task.objects.filter(subject=case.public_id, state="open").count() == 0
    with pytest.raises(IllegalTransition):
        services.resolve_case(actor=pair()[0], case=case.public_id, outcome="end", reason=REASON)


def misplaced() -> list[str]:
    return [row["public_id"] for row in REGISTER["cases.rescreenings_of_standing"].check()]


def test_a_case_of_an_admission_that_ended_is_named(admitted):
    rescreened(NO_BUYERS)
    case = Case.objects.get()
    with unguarded("participants_admission"):
        Admission.objects.update(state="lapsed")
    with unguarded("events_outboxevent"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM events_outboxevent")
    assert misplaced() == [case.public_id]
    with unguarded("cases_case"):
        Case.objects.update(state="moot", ended_at=NOON)
    assert misplaced() == []
    attack = (
        "INSERT INTO cases_case (public_id, kind, subject, thread, organisation_id, decision, state, opened_at, decide_by,"
        " outcome, reason, first_person, resolved_by) SELECT 'cas_raw', kind, subject, thread, organisation_id, decision,"
        " 'open', public.business_now(), decide_by, '', '', '', '' FROM cases_case"
    )
    assert_refused(lambda: connection.cursor().execute(attack), because="does not stand")
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    ("outcome", "days"), [("keep", None), ("keep", 0), ("keep", 367), ("end", 3)], ids=str
)
def test_what_is_kept_is_kept_for_a_time(admitted, outcome, days):
    rescreened(NO_BUYERS)
    until = None if days is None else NOON + timedelta(days=days)
    with pytest.raises(FieldInvalid) as refusal:
        services.resolve_case(
            actor=pair()[0], case=Case.objects.get().public_id, outcome=outcome, reason=REASON, until=until
        )
    assert (refusal.value.fields["name"], Case.objects.get().state) == ("until", "open")


def test_the_database_keeps_no_admission_for_ever(admitted):
    rescreened(NO_BUYERS)
    case, (first, second) = Case.objects.get(), pair()
    for until in ("NULL", "public.business_now() + interval '400 days'", "public.business_now()"):
        attack = (
            f"UPDATE cases_case SET state = 'resolved', outcome = 'keep', reason = 'x', kept_until = {until},"
            f" first_person = '{first.identifier}', resolved_by = '{second.identifier}',"
            f" ended_at = public.business_now() WHERE id = {case.pk}"
        )
        assert_refused(
            lambda attack=attack: connection.cursor().execute(attack), because="case_kept_for_a_time"
        )
    kept = decided(case, "keep", NOON + timedelta(days=3))
    longer = f"UPDATE cases_case SET kept_until = kept_until + interval '1 day' WHERE id = {kept.pk}"
    assert_refused(lambda: connection.cursor().execute(longer), because="has ended")


def test_a_stopped_admission_without_a_case_is_named(admitted):
    rescreened(NO_BUYERS)
    with unguarded("cases_case"):
        Case.objects.update(state="moot", ended_at=NOON)
    # Its event may still be handled.
    assert named() == []
    with unguarded("events_outboxevent"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM events_outboxevent")
    assert named() == [admitted.public_id]
    with unguarded("cases_case"):
        Case.objects.update(
            state="resolved", outcome="keep", reason="x", kept_until=NOON + timedelta(days=1),
            first_person="usr_a", resolved_by="usr_b",
        )  # fmt: skip
    assert named() == []
    clock.move_to(NOON + timedelta(days=3), running=False)
    assert named() == [admitted.public_id]
