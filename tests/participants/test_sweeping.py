"""One row that cannot be processed stands aside, and stops nothing else that happens to people and programs with time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.kernel import clock
from marketplace.participants import services, sweeping, tasks
from marketplace.participants.models import Membership
from tests.poison import RUNS, aside, let_pauses_pass, poisoned, tasks_to_repair

from . import factories, recoveries

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator():
    return factories.operator()


@pytest.fixture
def subject(operator):
    return factories.organisation()


@pytest.fixture
def owner(subject):
    return factories.actor_of(factories.owner_of(subject))


def members(subject):
    """The identifiers of two new members."""
    people = [factories.person_of(subject, name, ("trader",)) for name in ("stuck", "other")]
    return [Membership.objects.get(user=person).public_id for person in people]


def stand_aside(loop, sweep, table, stuck, other, condition):
    """``stuck`` cannot be processed and stands aside, with a task; ``other`` is done; later ``stuck`` is done too."""
    with poisoned(table, f"NEW.id = {stuck.pk} AND {condition}"):
        assert sum(sweep() for _ in range(RUNS)) == 1
    assert aside(loop) == [stuck.public_id]
    ((title, state),) = tasks_to_repair()
    assert (stuck.public_id in title, state) == (True, "open")
    let_pauses_pass()
    assert sweep() == 1
    assert tasks_to_repair()[0][1] == "done"


def test_an_invitation_that_cannot_lapse_stands_aside(owner):
    stuck, other = (
        services.invite(actor=owner, email=f"{name}@example.jp", roles=["trader"]) for name in "ab"
    )
    clock.move_to(other.expires_at)
    stand_aside(
        "participants.lapse_invitations",
        sweeping.lapse_overdue,
        "participants_invitation",
        stuck,
        other,
        "NEW.state = 'lapsed'",
    )


def test_a_change_that_cannot_lapse_stands_aside(subject, owner):
    factories.person_of(subject, "second", ("owner",))
    stuck, other = (
        services.grant_role(actor=owner, member=member, role="owner") for member in members(subject)
    )
    clock.move_to(other.expires_at)
    stand_aside(
        "participants.lapse_changes",
        sweeping.lapse_overdue,
        "participants_memberchange",
        stuck,
        other,
        "NEW.state = 'lapsed'",
    )


def test_a_program_that_cannot_be_warned_of_stands_aside(owner):
    stuck, other = (
        services.create_application(actor=owner, name=name, scopes=["market:read"], valid_days=5)
        for name in "ab"
    )
    stand_aside(
        "participants.warn_of_expiry",
        sweeping.warn_expiring,
        "participants_application",
        stuck,
        other,
        "NEW.warned_at IS NOT NULL",
    )


def test_a_second_factor_that_cannot_be_reset_stands_aside(subject, owner):
    stuck, other = (
        services.ask_second_factor_reset(actor=owner, member=member, reason="x")
        for member in members(subject)
    )
    clock.move_to(other.ends_at)
    stand_aside(
        "participants.reset_second_factors",
        sweeping.reset_due,
        "participants_secondfactorreset",
        stuck,
        other,
        "NEW.state = 'done'",
    )


def test_a_recovery_that_cannot_conclude_stands_aside(subject, operator):
    first, second = recoveries.staff(operator)
    rows = []
    for lost in (subject, factories.organisation("B")):
        row = recoveries.filed(lost)
        services.propose_recovery(actor=first, recovery=row.public_id, reason="x")
        rows.append(services.confirm_recovery(actor=second, recovery=row.public_id))
    stuck, other = rows
    clock.move_to(other.ends_at + timedelta(seconds=1))
    stand_aside(
        "participants.conclude_recoveries",
        sweeping.conclude_due,
        "participants_ownerrecovery",
        stuck,
        other,
        "NEW.state = 'concluded'",
    )


def test_one_task_of_beat_does_all_of_it(owner):
    row = services.invite(actor=owner, email="a@example.jp", roles=["trader"])
    clock.move_to(row.expires_at)
    assert (tasks.sweep(), tasks.sweep()) == (1, 0)
