"""Races about cycles: whoever comes first, a cut-off closes one cycle, and what is held or overtaken does not move."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from time import monotonic, sleep
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

from clearing.cycles.errors import CycleIsPaused
from clearing.cycles.services import publish_clearing_schedule
from clearing.models import Cycle, CycleAlarm, CycleStep, Entry, NetPosition
from clearing.run.services.alarms import watch_cycles
from clearing.run.services.cut_offs import close_at_cut_off, close_due_cycles
from clearing.run.services.cycles import advance_cycle, close_cycle, pause_cycle, resume_cycle
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from tests.clearing import factories
from tests.roles import as_owner

from .test_holds import at_once, broken

pytestmark = pytest.mark.usefixtures("committed_database")

TOKYO = ZoneInfo("Asia/Tokyo")


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2030, 4, 1, hour, minute, tzinfo=TOKYO).astimezone(UTC)


@pytest.fixture
def market(committed_database) -> factories.Market:
    """A market at five past three, whose cycle was to be cut off at three."""
    clock.move_to(at(9), running=False)
    made = factories.market()
    factories.by_two(
        made,
        publish_clearing_schedule,
        currency="JPY",
        effective_from=date(2030, 4, 1),
        cut_off_times=[time(15)],
    )
    clock.move_to(at(15, 5), running=False)
    return made


@contextmanager
def netting_stopped() -> Iterator[Callable[[], None]]:
    """Nobody can write net positions: the step that nets a cycle stops with the cycle's row locked.

    Yields what waits until it has come that far.
    """

    def wait() -> None:
        deadline = monotonic() + 30
        while monotonic() < deadline:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT FROM pg_locks WHERE relation = 'clearing_netposition'::regclass AND NOT granted"
                )
                if cursor.fetchone() is not None:
                    return
            sleep(0.02)
        raise AssertionError("the step has not come to write positions")

    with transaction.atomic(), connection.cursor() as cursor:
        with as_owner():
            cursor.execute("LOCK TABLE clearing_netposition IN SHARE MODE")
        yield wait


def in_thread(call: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(call())
        except Exception as error:  # the test judges what was raised
            outcome.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def test_workers_that_find_one_cut_off_close_one_cycle(market):
    outcomes = at_once(*[close_due_cycles] * 4)
    assert sorted(outcomes) == [0, 0, 0, 1]
    assert Cycle.objects.count() == 2
    assert EvidenceRecord.objects.filter(kind="clearing.cycle_closed").count() == 1
    assert broken() == {}


def test_the_command_and_the_calendar_at_once_close_one_cycle(market):
    for _ in range(3):
        number = market.cycle.number
        named = market.cycle.public_id
        outcomes = at_once(
            lambda named=named: close_cycle(actor=market.actor, cycle=named),
            lambda: close_cycle(actor=market.actor, currency="JPY"),
            close_due_cycles,
            close_due_cycles,
        )
        assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
        assert market.cycle.number == number + 1
        assert {outcomes[0].number, outcomes[1].number} == {number}
        if number == 1:
            assert sum(outcomes[2:]) == (Cycle.objects.get(number=1).cut_off_at is not None)
    assert broken() == {}


def test_a_cycle_that_is_opened_after_the_cut_off_is_not_closed_for_it(market):
    """The sweep waits for the row while the command closes it: the cut-off is not the next cycle's."""
    with transaction.atomic():
        close_cycle(actor=market.actor, currency="JPY")
        thread, outcome = in_thread(lambda: close_at_cut_off(actor=SYSTEM, currency="JPY"))
        thread.join(0.3)
        assert thread.is_alive()
    thread.join()
    assert outcome == [None]
    assert market.cycle.number == 2


def test_a_hold_waits_for_the_step_under_way_and_stops_the_next(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "validated")
    with netting_stopped() as wait:
        stepping, step = in_thread(lambda: advance_cycle(cycle=cycle.public_id))
        wait()
        holding, held = in_thread(
            lambda: pause_cycle(actor=market.actor, cycle=cycle.public_id, reason="audit")
        )
        holding.join(0.3)
        assert holding.is_alive()
    stepping.join()
    holding.join()
    assert step == ["netted"]
    assert held[0].state == "netted"
    assert advance_cycle(cycle=cycle.public_id) is None
    assert Entry.objects.filter(kind="cycle").count() == 0
    assert broken() == {}


def test_a_step_that_waited_for_a_hold_does_nothing(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "validated")
    with transaction.atomic():
        pause_cycle(actor=market.actor, cycle=cycle.public_id, reason="audit")
        thread, outcome = in_thread(lambda: advance_cycle(cycle=cycle.public_id))
        thread.join(0.3)
        assert thread.is_alive()
    thread.join()
    assert outcome == [None]
    assert NetPosition.objects.count() == 0


def test_holding_releasing_and_stepping_at_once_leave_one_course(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "validated")
    outcomes = at_once(
        lambda: pause_cycle(actor=market.actor, cycle=cycle.public_id, reason="one"),
        lambda: pause_cycle(actor=market.actor, cycle=cycle.public_id, reason="two"),
        *[lambda: advance_cycle(cycle=cycle.public_id)] * 2,
    )
    assert [type(outcome) for outcome in outcomes[:2]].count(CycleIsPaused) == 1
    cycle.refresh_from_db()
    assert cycle.pause_reason in ("one", "two")
    stood = cycle.state
    released = at_once(
        lambda: resume_cycle(actor=market.second, cycle=cycle.public_id, reason="on"),
        *[lambda: advance_cycle(cycle=cycle.public_id)] * 2,
    )
    assert released[0].state == stood
    factories.advance_to(Cycle.objects.get(pk=cycle.pk), "settling")
    assert Entry.objects.filter(kind="cycle").count() == 2
    assert list(CycleStep.objects.filter(cycle=cycle).order_by("epoch").values_list("epoch", flat=True)) == [
        2,
        3,
        4,
        5,
    ]
    assert broken() == {}


def test_a_transfer_file_and_a_hold_at_once_leave_one_of_them_in_force(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    made, held = at_once(
        lambda: create_transfer_file(actor=market.actor, cycle=cycle.public_id),
        lambda: pause_cycle(actor=market.actor, cycle=cycle.public_id, reason="audit"),
    )
    assert not isinstance(held, Exception)
    assert factories.planned(cycle) == (2 if isinstance(made, CycleIsPaused) else 0)
    assert isinstance(made, CycleIsPaused) or made.records == 2
    assert broken() == {}


def test_a_worker_that_wakes_late_finds_its_step_done(market):
    """It read the cycle, slept, and asks for the row when another worker has gone on: it gets nothing to do."""
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "validated")
    with netting_stopped() as wait:
        first, done = in_thread(lambda: advance_cycle(cycle=cycle.public_id))
        wait()
        late, nothing = in_thread(lambda: advance_cycle(cycle=cycle.public_id))
        late.join(0.3)
        assert late.is_alive()
    first.join()
    late.join()
    assert (done, nothing) == (["netted"], [None])
    assert NetPosition.objects.filter(cycle=cycle).count() == 3
    assert CycleStep.objects.filter(cycle=cycle, state="netted").count() == 1
    factories.advance_to(Cycle.objects.get(pk=cycle.pk), "settling")
    assert broken() == {}


def test_an_alarm_is_raised_once_by_many_watchers_while_a_step_hangs(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "validated")
    clock.move_to(at(18), running=False)
    with netting_stopped() as wait:
        stepping, step = in_thread(lambda: advance_cycle(cycle=cycle.public_id))
        wait()
        # The open cycle is past no cut-off of its own: one alarm is due, and the step's lock does not keep it waiting.
        assert sorted(at_once(*[watch_cycles] * 3)) == [0, 0, 1]
        assert stepping.is_alive()
    stepping.join()
    assert step == ["netted"]
    assert list(CycleAlarm.objects.values_list("cycle__number", "reason")) == [(1, "slow")]
