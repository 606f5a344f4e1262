"""Every further loop of clearing: one row of two is poison, the other is done, and the row is neither repeated for ever nor lost.

Each case says what the loop works on, which row the database fails, and what is done of both rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

import pytest

from clearing import tasks
from clearing.cycles.services import publish_clearing_schedule
from clearing.models import Cycle, CycleAlarm, SegregationCheck, Trade
from clearing.run.services.alarms import watch_cycles
from clearing.run.services.cut_offs import close_due_cycles
from clearing.run.services.cycles import open_first_cycle
from clearing.run.services.sweeping import secure_funded_trades
from clearing.safeguarding.services.segregation import check_client_money
from clearing.trades.services.acceptance import accept_ended_periods, collect_bills
from clearing.trades.services.charges import begin_due_charges
from clearing.trades.services.commissioned import accept_commissioned
from marketplace.kernel import clock
from marketplace.kernel.models import AsideRow
from tests.participants.factories import client_of
from tests.poison import RUNS, aside, let_pauses_pass, poisoned, tasks_to_repair

from .. import factories
from ..factories import on_day
from ..guaranteeing import limit
from ..test_invariants import broken

LIMIT = 9


@dataclass(frozen=True)
class Case:
    """A loop with two rows to do: the first is poison where ``condition`` is true of a row of ``table`` that is written."""

    loop: str
    subject: str
    table: str
    condition: str
    work: Callable[[], int]
    done: Callable[[], list[Any]]
    """What was done, in an order that does not depend on time: the poisoned row's comes first."""
    others: list[Any]
    all_of_them: list[Any]
    """``done`` while the row stands aside, and at the end."""


def states(*trades: Trade) -> Callable[[], list[str]]:
    kept = [trade.pk for trade in trades]
    return lambda: [Trade.objects.get(pk=key).state for key in kept]


def currencies_of(model: Any, **which: Any) -> Callable[[], list[str]]:
    return lambda: sorted(model.objects.filter(**which).values_list("currency", flat=True))


def cut_offs(market: factories.Market) -> Case:
    open_first_cycle(actor=market.actor, currency="USD")
    for currency in ("JPY", "USD"):
        factories.by_two(
            market,
            publish_clearing_schedule,
            currency=currency,
            effective_from=clock.today(),
            cut_off_times=[time(15)],
        )
    clock.move_to(clock.now() + timedelta(days=4), running=False)
    return Case(
        loop="clearing.close_due_cycles",
        subject="JPY",
        table="clearing_cycle",
        condition="NEW.currency = 'JPY'",
        work=close_due_cycles,
        done=currencies_of(Cycle, closed_at__isnull=False),
        others=["USD"],
        all_of_them=["JPY", "USD"],
    )


def segregation(market: factories.Market) -> Case:
    open_first_cycle(actor=market.actor, currency="USD")
    on_day(2027, 1, 5)
    return Case(
        loop="clearing.check_client_money",
        subject="JPY",
        table="clearing_segregationcheck",
        condition="NEW.currency = 'JPY'",
        work=check_client_money,
        done=currencies_of(SegregationCheck),
        others=["USD"],
        all_of_them=["JPY", "USD"],
    )


def waiting_trades(market: factories.Market) -> Case:
    """Two trades of one buyer: the published order passes over what stands aside."""
    first, second = (factories.conclude(market, "buyer", "seller", 1_000) for _ in range(2))
    reference = factories.pay_in_reference(organisation=market.party("buyer").public_id)
    factories.import_only(market, [factories.booking("credit", 2_200, reference)])
    return Case(
        loop="clearing.secure_funded_trades",
        subject=first.public_id,
        table="clearing_trade",
        condition=f"NEW.id = {first.pk} AND NEW.state = 'secured'",
        work=secure_funded_trades,
        done=states(first, second),
        others=["concluded", "secured"],
        all_of_them=["secured", "secured"],
    )


def due_charges(market: factories.Market) -> Case:
    first, second = subscriptions(market)
    on_day(2027, 2, 4)
    return Case(
        loop="clearing.begin_due_charges",
        subject=first.agreement,
        table="clearing_trade",
        condition=f"NEW.agreement = '{first.agreement}' AND NEW.charge = 2",
        work=lambda: begin_due_charges(limit=LIMIT),
        done=lambda: sorted(Trade.objects.filter(charge=2).values_list("agreement", flat=True)),
        others=[second.agreement],
        all_of_them=sorted([first.agreement, second.agreement]),
    )


def ended_periods(market: factories.Market) -> Case:
    first, second = subscriptions(market)
    for trade in (first, second):
        factories.accept(trade)
    on_day(2027, 2, 4)
    return Case(
        loop="clearing.accept_ended_periods",
        subject=f"{first.agreement} 1",
        table="clearing_trade",
        condition=f"NEW.id = {first.pk} AND NEW.state = 'accepted'",
        work=lambda: accept_ended_periods(limit=LIMIT),
        done=states(first, second),
        others=["secured", "accepted"],
        all_of_them=["accepted", "accepted"],
    )


def commissioned(market: factories.Market) -> Case:
    factories.pay_in(market, "buyer", 22_000)
    first, second = (
        factories.conclude(market, "buyer", "seller", 10_000, commissioned=True) for _ in range(2)
    )
    for trade in (first, second):
        factories.matched(trade)
    on_day(2027, 3, 1)
    return Case(
        loop="clearing.accept_commissioned",
        subject=first.public_id,
        table="clearing_trade",
        condition=f"NEW.id = {first.pk} AND NEW.state = 'accepted'",
        work=lambda: accept_commissioned(limit=LIMIT),
        done=states(first, second),
        others=["secured", "accepted"],
        all_of_them=["accepted", "accepted"],
    )


def bills(market: factories.Market) -> Case:
    """Two buyers whose deposits pay their bills on the due day."""
    for name in ("city", "ward"):
        limit(market, name, 50_000, 30_000)
    first, second = (
        factories.accept(factories.conclude(market, name, "seller", 10_000)) for name in ("city", "ward")
    )
    on_day(2027, 2, 3)
    return Case(
        loop="clearing.collect_bills",
        subject=first.public_id,
        table="clearing_trade",
        condition=f"NEW.id = {first.pk} AND NEW.state = 'accepted'",
        work=lambda: collect_bills(limit=LIMIT),
        done=states(first, second),
        others=["secured", "accepted"],
        all_of_them=["accepted", "accepted"],
    )


def late_cycles(market: factories.Market) -> Case:
    open_first_cycle(actor=market.actor, currency="USD")
    for currency in ("JPY", "USD"):
        factories.by_two(
            market,
            publish_clearing_schedule,
            currency=currency,
            effective_from=clock.today(),
            cut_off_times=[time(15)],
        )
    clock.move_to(clock.now() + timedelta(days=4), running=False)
    late = Cycle.objects.get(currency="JPY")
    return Case(
        loop="clearing.raise_cycle_alarms",
        subject=late.public_id,
        table="clearing_cyclealarm",
        condition=f"NEW.cycle_id = {late.pk}",
        work=watch_cycles,
        done=lambda: sorted(CycleAlarm.objects.values_list("cycle__currency", flat=True)),
        others=["USD"],
        all_of_them=["JPY", "USD"],
    )


def caught_up_cycles(market: factories.Market) -> Case:
    late_cycles(market)
    watch_cycles()
    close_due_cycles()
    first = CycleAlarm.objects.get(cycle__currency="JPY")
    return Case(
        loop="clearing.end_cycle_alarms",
        subject=str(first.pk),
        table="clearing_cyclealarm",
        condition=f"NEW.id = {first.pk}",
        work=watch_cycles,
        done=lambda: sorted(
            CycleAlarm.objects.exclude(ended_at=None).values_list("cycle__currency", flat=True)
        ),
        others=["USD"],
        all_of_them=["JPY", "USD"],
    )


def subscriptions(market: factories.Market) -> tuple[Trade, Trade]:
    """Two subscriptions of two months with the money for both, from 4 January on."""
    factories.pay_in(market, "buyer", 4_400)
    first, second = (factories.plan(market, "subscription", 1_000, charges=2) for _ in range(2))
    return first, second


CASES = [
    cut_offs,
    segregation,
    waiting_trades,
    due_charges,
    ended_periods,
    commissioned,
    bills,
    late_cycles,
    caught_up_cycles,
]


@pytest.fixture
def monday(db):
    """A market in which it is the morning of Monday, 4 January 2027."""
    on_day(2027, 1, 4)
    return factories.market()


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_a_poisoned_row_stands_aside_and_the_others_go_on(monday, make):
    case = make(monday)
    with poisoned(case.table, case.condition):
        for _ in range(RUNS):
            case.work()
        assert (case.done(), aside(case.loop)) == (case.others, [case.subject])
        ((title, state),) = tasks_to_repair()
        assert (case.subject in title, case.loop in title, state) == (True, True, "open")
        failures = AsideRow.objects.get(loop=case.loop, ended_at=None).failures
        for _ in range(RUNS):
            assert case.work() == 0
        assert AsideRow.objects.get(loop=case.loop, ended_at=None).failures == failures
    let_pauses_pass()
    assert case.work() >= 1
    assert (case.done(), aside(case.loop), tasks_to_repair()[0][1]) == (case.all_of_them, [], "done")
    assert case.work() == 0
    assert broken() == {}


def test_what_cannot_be_cut_off_is_said_in_progress(monday):
    case = cut_offs(monday)
    cycle = Cycle.objects.get(currency="JPY", state="open")
    path = f"/api/v1/cycles/{cycle.public_id}/progress/"
    operator = client_of(monday.operator)
    with poisoned(case.table, case.condition):
        for _ in range(RUNS):
            case.work()
        (obstacle,) = operator.get(path).json()["obstacles"]
        assert "this row is poison" in obstacle
    let_pauses_pass()
    case.work()
    assert operator.get(path).json()["obstacles"] == []


OUTER = [
    ("clearing.sweep", "close_due_cycles", "clearing.close_due_cycles", cut_offs, tasks.sweep),
    (
        "clearing.carry_out_deadlines",
        "secure_funded_trades",
        "clearing.secure_funded_trades",
        waiting_trades,
        tasks.sweep,
    ),
    (
        "clearing.watch_money",
        "check_client_money",
        "clearing.check_client_money",
        segregation,
        tasks.safeguard,
    ),
]


@pytest.mark.parametrize(("outer", "name", "inner", "make", "beat"), OUTER, ids=[row[0] for row in OUTER])
def test_a_loop_that_cannot_even_set_a_row_aside_stands_aside_itself(monday, outer, name, inner, make, beat):
    case = make(monday)
    with (
        poisoned(case.table, case.condition),
        poisoned("kernel_asiderow", f"NEW.loop = '{inner}'"),
    ):
        for _ in range(RUNS):
            beat()
        assert aside(outer) == [name]
        ((title, state),) = tasks_to_repair()
        assert (name in title, outer in title, state) == (True, True, "open")
    let_pauses_pass()
    beat()
    assert (aside(outer), aside(inner), tasks_to_repair()[0][1]) == ([], [], "done")
    assert set(case.all_of_them) <= set(case.done())
    assert broken() == {}
