"""Legal holds: opened by one, lifted by two, and nothing that is held is deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from rest_framework.test import APIClient

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing, PermissionNeeded, ProofNeeded
from marketplace.kernel.labels import Label
from marketplace.kernel.retention import HELD, OLD_ROWS
from marketplace.notices.models import Notice, Task
from marketplace.notices.services import send_notice
from marketplace.notices.texts import Wording
from marketplace.oversight import tasks
from marketplace.oversight.holds import services
from marketplace.oversight.holds.errors import HoldLifted, HoldStands
from marketplace.oversight.holds.models import LegalHold
from marketplace.oversight.holds.schedule import reach_of
from marketplace.participants.interest_errors import Recused
from marketplace.participants.models import Organisation, StaffInterest
from marketplace.participants.services import declare_interest
from marketplace.rules.models import Decision
from marketplace.rules.services import evaluate
from tests.participants.factories import actor_for, application_for
from tests.poison import RUNS, aside, let_pauses_pass, poisoned
from tests.roles import as_owner, unguarded
from tests.rules.factories import publish

from .factories import (
    HOLD,
    asked,
    held,
    holds_everywhere,
    lifted,
    named,
    open_tasks,
    recorded,
    refused,
    run,
)

pytestmark = pytest.mark.django_db

WORDING = Wording(Label("title", "件名"), Label("body", "本文"))


def old_notice(party, subject="lst_1") -> Notice:
    send_notice(organisation_id=party.pk, subject=subject, wording=WORDING)
    return Notice.objects.filter(organisation=party).latest("pk")


def purge() -> int:
    connection.check_constraints()
    with as_owner():
        return OLD_ROWS["notices"].remove(clock.now() + timedelta(days=1))


def kept() -> set[int]:
    return set(Notice.objects.values_list("organisation_id", flat=True))


def test_a_hold_is_opened_by_one_and_lifted_by_two(first, second, subject):
    hold = held(first, subject.public_id)
    assert (hold.opened_by, hold.lifted_at) == ("usr_first", None)
    done = lifted(first, second, hold)
    assert (done.lifted_first, done.lifted_by) == ("usr_first", "usr_second")
    assert recorded(hold.public_id) == ["oversight.hold_opened", "oversight.hold_lifted"]
    stated = EvidenceRecord.objects.filter(subject=hold.public_id).order_by("pk")
    assert [row.payload["reason_commitment"] for row in stated] == [
        commitment_to(done.salt, text) for text in (done.reason, done.lifted_reason)
    ]
    with pytest.raises(HoldLifted):
        services.lift_hold(actor=first, hold=hold.public_id, reason="x")
    with pytest.raises(Missing):
        services.lift_hold(actor=first, hold="lhd_none", reason="x")
    assert holds_everywhere()


def test_the_same_hold_stands_once(first, second, subject):
    hold = held(first, subject.public_id)
    for actor, reference in ((first, hold.reference), (second, f" {hold.reference}\ufeff")):
        with pytest.raises(HoldStands) as stands:
            held(actor, subject.public_id, reference=reference)
        assert stands.value.fields["hold"] == hold.public_id
    again = (
        "INSERT INTO oversight_legalhold SELECT (jsonb_populate_record(h, jsonb_build_object("
        "'id', h.id + 1000, 'public_id', 'lhd_raw', 'opened_at', public.business_now(), 'recorded_at', now(), 'reference', h.reference || '{}'))).* FROM oversight_legalhold h"
    )
    refused(again.format(""), "hold_once")
    refused(again.format("\u200b"), "hold_stated")
    # For other proceedings, or once it is lifted, it is another hold.
    other = held(first, subject.public_id, reference="令和8年(ワ)第2号")
    lifted(first, second, hold)
    assert held(first, subject.public_id, reference=hold.reference).public_id not in (
        hold.public_id,
        other.public_id,
    )
    assert named("oversight.holds_by_people") == 0


def test_who_may_not_holds_nothing(first, owner, subject):
    for actor, error in (
        (owner, PermissionNeeded),
        (replace(first, permissions=frozenset()), PermissionNeeded),
        (replace(first, proved_at=clock.real_now() - timedelta(minutes=11)), ProofNeeded),
    ):
        with pytest.raises(error):
            held(actor, subject.public_id)
    now = clock.now()
    for changes, field in (
        ({}, "subject"),
        ({"since": now}, "subject"),
        ({"since": now, "until": now}, "until"),
        ({"subject": subject.public_id, "reason": " "}, "reason"),
        ({"subject": subject.public_id, "reference": ""}, "reference"),
        ({"subject": "org_x"}, "subject"),
        ({"subject": subject.public_id[:-1]}, "subject"),
        ({"subject": subject.public_id, "days": 0}, "days"),
        ({"subject": subject.public_id, "days": 366}, "days"),
        ({"since": now + timedelta(hours=1), "until": now + timedelta(days=1)}, "since"),
        ({"since": now - timedelta(days=1), "until": now + timedelta(days=366)}, "until"),
    ):
        with pytest.raises(FieldInvalid) as refusal:
            services.open_hold(actor=first, **(HOLD | changes))
        assert refusal.value.name == field
    assert LegalHold.objects.count() == 0


def test_a_purge_passes_over_what_is_held_for_an_organisation(first, second, subject, other):
    old_notice(subject)
    old_notice(other)
    hold = held(first, subject.public_id)
    assert purge() == 1
    assert kept() == {subject.pk}
    lifted(first, second, hold)
    assert purge() == 1
    assert kept() == set()


def test_a_purge_passes_over_what_is_held_by_its_name_or_its_period(first, subject, other):
    with unguarded("oversight_legalhold"):
        old_notice(subject, "lst_held")
        old_notice(other, "lst_free")
        LegalHold.objects.create(
            subject="lst_held",
            opened_by=first.identifier,
            opened_at=clock.now(),
            reason="x",
            reference="x",
            parties=[],
            review_at=clock.now() + timedelta(days=9),
        )
    assert (purge(), kept()) == (1, {subject.pk})
    old_notice(other, "lst_free")
    now = clock.now()
    held(first, since=now - timedelta(days=1), until=now + timedelta(days=1))
    assert (purge(), kept()) == (0, {subject.pk, other.pk})


def test_a_hold_names_what_is_there(first, subject):
    insert = (
        "INSERT INTO oversight_legalhold (public_id, subject, reason, reference, opened_by, opened_at, lifted_by, lifted_first,"
        " lifted_reason, parties, review_at) VALUES ('lhd_raw', '{}', 'x', 'x', 'usr_first', public.business_now(), '', '', '',"
        " '{{}}', public.business_now() + interval '1 day')"
    )
    refused(insert.format("org_made_up"), "nothing has the identifier")
    refused(insert.format(subject.public_id), "has other parties")
    hold = held(first, subject.public_id)
    assert "recovery" in reach_of(hold.subject).en
    assert reach_of("agr_x") != reach_of("org_x") != reach_of("")
    assert named("oversight.holds_name_what_is_there") == 0
    with unguarded("oversight_legalhold"):
        LegalHold.objects.update(subject="org_made_up")
    assert named("oversight.holds_name_what_is_there") == 1


def test_a_hold_on_a_participant_reaches_it_in_every_table_from_which_its_rows_leave(first, subject, other):
    """Each table that leaves knows the organisation of its rows; those of applicants have none yet."""
    held(first, subject.public_id)
    without = {table for table in HELD if table.startswith("registration_")}
    reached = set()
    for table, rows in HELD.items():
        names = rows.names_of("r")
        if "o.public_id" in names or "r.organisation" in names:
            reached.add(table)
    assert reached | without == set(HELD)
    for party in (subject, other):
        old_notice(party)
    assert (purge(), kept()) == (1, {subject.pk})


def test_a_hold_of_another_period_stops_nothing(first, subject):
    old_notice(subject)
    now = clock.now()
    held(first, subject.public_id, since=now - timedelta(days=9), until=now - timedelta(days=8))
    assert (purge(), kept()) == (1, set())


def test_the_database_refuses_to_lift_alone_and_to_delete_what_is_held(first, second, subject, owner):
    old_notice(subject)
    held(first, subject.public_id)
    with as_owner():
        connection.check_constraints()
        run(f"ALTER TABLE notices_notice DISABLE TRIGGER {trigger_of('no_delete')}")
    refused("DELETE FROM notices_notice", "under a legal hold")
    lift = "UPDATE oversight_legalhold SET lifted_at = public.business_now(), lifted_by = {}, lifted_first = {}, lifted_reason = 'x'"
    for people, because in (
        (("'usr_first'", "''"), "hold_lifted_by_two"),
        (("'usr_first'", "'usr_first'"), "hold_lifted_by_two"),
        (("'usr_owner'", "'usr_first'"), "no natural person of the operator"),
        (("'usr_first'", "'usr_owner'"), "no natural person of the operator"),
    ):
        refused(lift.format(*people), because)
    refused("UPDATE oversight_legalhold SET subject = 'org_x'", "cannot be changed")
    refused("DELETE FROM oversight_legalhold", "are kept")
    lifted(first, second, LegalHold.objects.get())
    refused(
        "UPDATE oversight_legalhold SET lifted_at = NULL, lifted_by = '', lifted_first = '', lifted_reason = ''",
        "lifted once",
    )
    assert named("oversight.holds_by_people") == 0
    with unguarded("oversight_legalhold"):
        LegalHold.objects.update(lifted_first="usr_made_up")
    assert named("oversight.holds_by_people") == 1


def recuse(party, person: str) -> StaffInterest:
    """A person of the operator declares an interest."""
    return declare_interest(
        actor=actor_for(Organisation.objects.get(is_operator=True), person),
        organisation=party.public_id,
        kind="family",
        statement="親族が勤務しています。",
    )


def decision_about(party) -> Decision:
    """A decision of the rules that has a participant as its party."""
    publish()
    made = evaluate(point="admission", subject=application_for(party).public_id)
    return Decision.objects.get(public_id=made.public_id)


def extent_of(kind: str, party, owner) -> dict:
    """What is held of a participant: itself, its person, a question that it put, a period of everybody, or what names no party."""
    now = clock.now()
    return {
        "organisation": lambda: {"subject": party.public_id},
        "person": lambda: {"subject": owner.identifier},
        "question": lambda: {"subject": asked(owner).public_id},
        "interest": lambda: {"subject": recuse(party, "usr_fourth").public_id},
        "decision": lambda: {"subject": decision_about(party).public_id},
        "everything": lambda: {"since": now - timedelta(days=1), "until": now + timedelta(days=1)},
    }[kind]()


@pytest.mark.parametrize("kind", ["organisation", "person", "question", "decision", "everything", "interest"])
def test_who_is_related_to_a_party_lifts_no_hold(first, second, subject, other, owner, kind):
    hold = held(first, **extent_of(kind, subject, owner))
    assert hold.parties == ([] if kind in ("everything", "interest") else [subject.public_id])
    command = {"hold": hold.public_id, "reason": "x"}
    with pytest.raises(SecondPersonNeeded):
        services.lift_hold(actor=first, **command)
    recuse(subject, "usr_first")
    with pytest.raises(Recused):
        services.lift_hold(actor=first, **command)
    # Whoever gives it next is the first of two.
    with pytest.raises(SecondPersonNeeded):
        services.lift_hold(actor=second, **command)
    lift = (
        "UPDATE oversight_legalhold SET lifted_at = public.business_now(), lifted_by = '{}', lifted_first = '{}',"
        " lifted_reason = 'x'"
    )
    refused(lift.format("usr_first", "usr_second"), "has declared an interest")
    refused(lift.format("usr_second", "usr_first"), "has declared an interest")
    assert LegalHold.objects.get().lifted_at is None
    third = actor_for(Organisation.objects.get(is_operator=True), "usr_third")
    elsewhere = held(first, other.public_id)
    assert lifted(first, third, elsewhere).lifted_first == "usr_first"
    assert named("oversight.holds_by_people") == 0
    with unguarded("oversight_legalhold"):
        run(
            lift.format("usr_second", "usr_first").replace(
                "business_now()", "business_now() + interval '1 minute'"
            )
        )
    assert named("oversight.holds_by_people") == 1


def test_a_hold_that_nobody_may_lift_asks_the_owners_for_people(first, second, subject):
    hold = held(first, subject.public_id, days=1)
    for person in ("usr_first", "usr_second"):
        recuse(subject, person)
    assert tasks.sweep() == 0
    clock.move_to(hold.review_at)
    tasks.sweep()
    task = Task.objects.get(kind="staff", state="open")
    assert (task.subject, task.needs) == (hold.public_id, "organisation:write")
    tasks.sweep()
    assert Task.objects.filter(kind="staff").count() == 1
    operator = Organisation.objects.get(is_operator=True)
    others = [actor_for(operator, f"usr_{name}") for name in ("third", "fourth")]
    tasks.sweep()
    assert not Task.objects.filter(kind="staff", state="open").exists()
    assert lifted(*others, hold).lifted_at is not None


def test_a_hold_whose_people_cannot_be_counted_stands_aside(first, subject):
    hold = held(first, subject.public_id, days=1)
    recuse(subject, "usr_first")
    clock.move_to(hold.review_at)
    with poisoned("notices_task", "NEW.kind = 'staff'"):
        for _ in range(RUNS):
            tasks.sweep()
    assert aside("oversight.holds_somebody_lifts") == [hold.public_id]
    let_pauses_pass()
    tasks.sweep()
    assert aside("oversight.holds_somebody_lifts") == []


def test_a_hold_is_bounded_and_reviewed(first, second, subject):
    hold = held(first, subject.public_id, days=30)
    assert hold.review_at == hold.opened_at + timedelta(days=30)
    assert open_tasks("release") == {hold.public_id: hold.review_at}
    now = clock.now()
    with unguarded("notices_task"):
        assert named("oversight.holds_are_bounded") == 0
        run("UPDATE notices_task SET kind = 'review'")
        assert named("oversight.holds_are_bounded") == 1
        run("UPDATE notices_task SET kind = 'release'")
    for changes in (
        {"review_at": now - timedelta(days=1)},
        {"review_at": now + timedelta(days=367)},
        {"subject": "", "since": now, "until": now + timedelta(days=367)},
        {"subject": "", "since": now + timedelta(days=1), "until": now + timedelta(days=2)},
    ):
        with pytest.raises(IntegrityError, match="hold_bounded"), transaction.atomic(), as_owner():
            run("ALTER TABLE oversight_legalhold DISABLE TRIGGER USER")
            LegalHold.objects.update(**changes)
    lifted(first, second, hold)
    assert open_tasks("release") == {}
    assert named("oversight.holds_are_bounded") == 0


def test_holds_of_periods_side_by_side_keep_no_more_than_one(first, second, subject):
    now, day = clock.now(), timedelta(days=1)
    year = held(first, since=now - 366 * day, until=now)
    # What one keeps already, another may keep in its place.
    held(first, since=now - 366 * day, until=now, reference="令和8年(ワ)第2号")
    for since, until in ((now - 367 * day, now - 366 * day), (now - day, now + day)):
        with pytest.raises(FieldInvalid) as refusal:
            services.open_hold(actor=first, **(HOLD | {"since": since, "until": until}))
        assert refusal.value.name == "until"
    held(first, subject.public_id, since=now - 900 * day, until=now + day)
    refused(
        "INSERT INTO oversight_legalhold (public_id, subject, since, until, reason, reference, opened_by, opened_at, lifted_by,"
        " lifted_first, lifted_reason, parties, review_at) SELECT 'lhd_raw', '', now - interval '1 day', now + interval '1 day',"
        " 'x', 'x', 'usr_first', now, '', '', '', '{}', now + interval '1 day' FROM (SELECT public.business_now() AS now) c",
        "more than 366 days together",
    )
    assert named("oversight.holds_are_bounded") == 0
    with unguarded("oversight_legalhold"):
        LegalHold.objects.filter(pk=year.pk).update(since=now - 367 * day, until=now - day)
    assert named("oversight.holds_are_bounded") == 2
    with unguarded("oversight_legalhold"):
        LegalHold.objects.filter(pk=year.pk).update(since=year.since, until=year.until)
    for hold in LegalHold.objects.filter(subject=""):
        lifted(first, second, hold)
    assert held(first, since=now - 10 * day, until=now + day).subject == ""


def trigger_of(name: str) -> str:
    return next(trigger for trigger in Notice._meta.triggers if trigger.name == name).get_pgid(Notice)


def test_every_kind_of_old_rows_is_held_or_says_why_not():
    assert set(OLD_ROWS) == set(settings.RETENTION)
    unexplained = [name for name, rows in OLD_ROWS.items() if not rows.not_held]
    assert unexplained == [
        name
        for name in OLD_ROWS
        if name
        in {
            "notices", "webhook_messages", "webhook_attempts", "mail", "jobs", "lapsed_registrations",
            "refused_registrations", "refused_recoveries", "unused_invitations",
        }
    ]  # fmt: skip
    assert len(HELD) == 13


@pytest.mark.parametrize("name", [name for name in settings.RETENTION if name != "events"])
def test_every_kind_leaves_beside_holds(name, first, subject):
    held(first, subject.public_id)
    with as_owner():
        assert OLD_ROWS[name].remove(clock.real_now() - timedelta(days=900)) == 0


def test_the_schedule_is_public_and_says_what_is_kept_by_which_law():
    shown = APIClient().get("/api/v1/retention-schedule/").json()
    years = {row["name"]: row["years_min"] for row in shown["kept"]}
    assert (years["ledger"], years["provision"], years["identity"]) == (10, 3, 7)
    assert [row["name"] for row in shown["leaving"]] == list(settings.RETENTION)
    jobs = next(row for row in shown["leaving"] if row["name"] == "jobs")
    assert (jobs["stopped_by_holds"], jobs["not_held"]) == (True, "")
