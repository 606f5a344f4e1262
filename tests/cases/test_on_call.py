"""Who is on call is published; where too few are, and while trading is halted, the operator has a task."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from marketplace.cases import handlers, services, tasks
from marketplace.cases.errors import TurnOver, TurnStands
from marketplace.cases.models import OnCallTurn
from marketplace.cases.on_call import Turn, first_gap
from marketplace.cases.on_call_queries import on_call_now
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.events.schemas.cases import CaseMoved
from marketplace.events.schemas.participants import SuspensionEnded
from marketplace.events.schemas.rules import TradingHalted, TradingResumed
from marketplace.events.services import envelope_of
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded, ProofNeeded
from marketplace.kernel.invariants import REGISTER, verify_all
from marketplace.kernel.permissions import Permission
from marketplace.notices.models import Task
from marketplace.participants.services import reinstate_participant, suspend_participant
from marketplace.rules import services as rules
from tests.client import KeyedClient
from tests.roles import assert_refused, unguarded

from .factories import held, of_held

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
INSERT = """
    INSERT INTO cases_oncallturn (public_id, duty, person, since, until, stated_by, stated_at, withdrawn_by)
    SELECT 'oct_raw', '{duty}', '{person}', now - interval '{ago}', now + interval '{days} days', '{by}', now, ''
      FROM (SELECT public.business_now() AS now OFFSET 0) AS clock
"""


def published(actor, person, duty="rulebook", **changes):
    times = {"since": clock.now(), "until": clock.now() + 2 * WEEK}
    return services.publish_turn(actor=actor, duty=duty, person=person.identifier, **(times | changes))


def open_tasks(kind):
    rows = Task.objects.filter(kind=kind, state="open").order_by("subject")
    return [(row.subject, row.title["en"]) for row in rows]


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_gap_begins_where_fewer_than_two_persons_are_on_call():
    now = clock.now()
    turns = [Turn("a", now, now + WEEK), Turn("b", now, now + WEEK / 2)]
    assert first_gap(turns, since=now, until=now + WEEK / 2) is None
    assert first_gap(turns, since=now, until=now + WEEK) == now + WEEK / 2
    assert first_gap([*turns, Turn("a", now, now + WEEK)], since=now, until=now + WEEK) == now + WEEK / 2
    assert first_gap([], since=now, until=now + WEEK) == now


def test_a_task_asks_once_for_people_a_week_ahead_and_closes_by_itself(staffed, first, second):
    for duty in ("admission", "disputes"):
        published(first, first, duty)
        published(first, second, duty)
    ends = clock.now() + timedelta(days=6)
    published(first, first, until=ends)
    published(first, second)
    for _ in range(2):
        tasks.sweep()
        task = Task.objects.get(kind="staff", state="open")
        assert (task.subject, task.state, task.deadline) == ("rulebook", "open", ends)
    published(first, first, since=ends, until=ends + WEEK)
    published(first, second, since=ends, until=ends + WEEK)
    assert open_tasks("staff") == []


def test_two_people_are_on_call_in_public(staffed, first, second):
    tasks.sweep()
    assert [subject for subject, _ in open_tasks("staff")] == ["admission", "disputes", "rulebook"]
    one, two = published(first, first), published(first, second)
    assert on_call_now("rulebook") == ["usr_case_first", "usr_case_second"]
    assert [subject for subject, _ in open_tasks("staff")] == ["admission", "disputes"]
    (shown, _) = sorted(
        KeyedClient().get("/api/v1/on-call/?duty=rulebook").json()["results"], key=lambda row: row["person"]
    )
    assert set(shown) == {
        "id", "duty", "duty_label", "person", "since", "until", "stated_at", "withdrawn_at"
    }  # fmt: skip
    services.withdraw_turn(actor=second, turn=one.public_id)
    assert [subject for subject, _ in open_tasks("staff")] == ["admission", "disputes", "rulebook"]
    with pytest.raises(TurnStands) as stands:
        published(second, second, since=two.since, until=two.until)
    assert stands.value.fields["turn"] == two.public_id
    with pytest.raises(IntegrityError, match="turn_once"), transaction.atomic():
        run(
            "INSERT INTO cases_oncallturn SELECT (jsonb_populate_record(t, jsonb_build_object('id', t.id + 1000, 'public_id', 'oct_raw',"
            " 'stated_at', public.business_now(), 'recorded_at', now()))).*"
            f" FROM cases_oncallturn t WHERE id = {two.pk}"
        )
    with pytest.raises(TurnOver):
        services.withdraw_turn(actor=first, turn=one.public_id)
    with pytest.raises(Missing):
        services.withdraw_turn(actor=first, turn="oct_none")
    assert not [name for name, rows in verify_all("cases").items() if rows]
    assert REGISTER["evidence.rows_recorded"].check() == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"duty": "coffee"}, "duty"),
        ({"since": clock.real_now() - timedelta(hours=1)}, "since"),
        ({"until": clock.real_now() - timedelta(days=400)}, "until"),
        ({"until": clock.real_now() + timedelta(days=4000)}, "until"),
    ],
)
def test_a_wrong_turn_changes_nothing(first, second, changes, field):
    with pytest.raises(FieldInvalid) as refusal:
        published(first, second, **changes)
    assert (refusal.value.fields["name"], OnCallTurn.objects.count()) == (field, 0)


def test_only_owners_publish_and_only_who_may_release_is_on_call(staffed, first, owner):
    for actor, error in (
        (owner, Forbidden),
        (SYSTEM, Forbidden),
        (replace(first, permissions=frozenset({Permission.ADMISSION_WRITE})), PermissionNeeded),
        (replace(first, proved_at=None), ProofNeeded),
    ):
        with pytest.raises(error):
            published(actor, first)
    with pytest.raises(FieldInvalid):
        published(first, owner)
    assert OnCallTurn.objects.count() == 0


def test_the_database_keeps_the_rota(staffed, first, owner):
    for values, because in (
        ({"person": owner.identifier}, "no natural person of the operator"),
        ({"by": owner.identifier}, "no natural person of the operator"),
        ({"duty": "coffee"}, "turn_of_what"),
        ({"days": "32"}, "turn_of_what"),
        ({"ago": "1 hour"}, "turn_not_backdated"),
    ):
        stated = {
            "duty": "rulebook",
            "person": first.identifier,
            "by": first.identifier,
            "days": "1",
            "ago": "0 seconds",
        } | values
        assert_refused(lambda stated=stated: run(INSERT.format(**stated)), because=because)
    published(first, first)
    assert_refused(
        lambda: run("UPDATE cases_oncallturn SET until = until + interval '1 day'"),
        because="cannot be changed",
    )
    assert_refused(lambda: run("DELETE FROM cases_oncallturn"), because="are kept")
    assert_refused(
        lambda: run(
            f"UPDATE cases_oncallturn SET withdrawn_by = '{owner.identifier}', withdrawn_at = public.business_now()"
        ),
        because="no natural person of the operator",
    )
    with unguarded("cases_oncallturn"):
        OnCallTurn.objects.update(person=owner.identifier)
    assert len(REGISTER["cases.on_call_may_release"].check()) == 1


def test_a_backdated_turn_is_named(staffed, first):
    published(first, first)
    assert REGISTER["cases.on_call_may_release"].check() == []
    with unguarded("cases_oncallturn"):
        run("ALTER TABLE cases_oncallturn DROP CONSTRAINT turn_not_backdated")
        run("UPDATE cases_oncallturn SET since = since - interval '1 hour'")
    assert len(REGISTER["cases.on_call_may_release"].check()) == 1


def halted(first):
    return rules.halt_trading(actor=first, scope="market", reason={"ja": "確認中", "en": "Being looked at."})


def told(halt):
    handlers.on_trading_halted(
        TradingHalted(halt=halt.public_id, scope="market", target=None, since=halt.started_at.isoformat()),
        None,
    )


def test_a_halt_is_a_task_of_the_people_on_call(staffed, first, second):
    published(first, first)
    published(first, second)
    halt = halted(first)
    told(halt)
    task = Task.objects.get(kind="release", state="open")
    assert (task.subject, task.deadline) == (halt.public_id, halt.started_at + timedelta(hours=24))
    assert "usr_case_first, usr_case_second" in task.title["en"]
    rules.lift_halt(
        actor=second, halt=halt.public_id, reason={"ja": "済", "en": "Done."}, first_person=first.identifier
    )
    handlers.on_trading_resumed(
        TradingResumed(halt=halt.public_id, scope="market", target=None, resumed_at=clock.now().isoformat()),
        None,
    )
    assert open_tasks("release") == []
    told(halt)
    assert open_tasks("release") == []


def test_a_halt_in_silence_is_named(staffed, first):
    halt = halted(first)
    assert REGISTER["cases.halts_are_looked_at"].check() == []
    with unguarded("events_outboxevent"):
        run("DELETE FROM events_outboxevent")
    assert [row["public_id"] for row in REGISTER["cases.halts_are_looked_at"].check()] == [halt.public_id]


def suspended(actor, subject):
    """The suspension of an organisation, with its event."""
    suspend_participant(
        actor=actor, organisation=subject.public_id, reason_code="looked_into", reason="Looked into."
    )
    stored = OutboxEvent.objects.filter(type="participant.suspended").latest("pk")
    envelope = envelope_of(stored)
    return parse(envelope.type, envelope.data), envelope


def test_a_suspension_is_a_task_of_the_people_on_call_until_it_ends(staffed, subject, first, second):
    published(first, first, duty="admission")
    event, envelope = suspended(first, subject)
    for _ in range(2):
        handlers.on_participant_suspended(event, envelope)
    (task,) = Task.objects.filter(kind="release", state="open")
    assert (task.subject, task.deadline) == (event.suspension, envelope.occurred_at + timedelta(hours=24))
    assert first.identifier in task.title["en"]
    assert REGISTER["cases.suspensions_are_looked_at"].check() == []
    reinstate_participant(actor=second, organisation=subject.public_id, first_person=first.identifier)
    ended = SuspensionEnded(
        organisation=subject.public_id, suspension=event.suspension, kind=event.kind, is_active=True
    )
    handlers.on_suspension_ended(ended, envelope)
    handlers.on_participant_suspended(event, envelope)
    assert open_tasks("release") == []


def test_a_suspension_in_silence_is_named(staffed, subject, first):
    event, _ = suspended(first, subject)
    assert REGISTER["cases.suspensions_are_looked_at"].check() == []
    with unguarded("events_outboxevent"):
        run("DELETE FROM events_outboxevent")
    assert [row["public_id"] for row in REGISTER["cases.suspensions_are_looked_at"].check()] == [
        event.suspension
    ]


def test_the_task_to_decide_a_case_names_who_is_on_call(staffed, subject, first, second):
    published(first, first, "admission")
    case = of_held(held(subject))
    handlers.on_case_moved(moved(case), None)
    ((_, title),) = open_tasks("review")
    assert title.endswith("On call: usr_case_first")


def moved(case):
    return CaseMoved(
        case=case.public_id,
        kind=case.kind,
        about=case.subject,
        organisation=case.organisation.public_id,
        counterparty=None,
        change="opened",
        outcome=None,
        decide_by=case.decide_by.isoformat(),
    )
