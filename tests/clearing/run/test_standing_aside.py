"""In every loop of clearing a row that cannot be processed stands aside with a task, and the others go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest

from clearing import tasks
from clearing.models import MonthlyStatement, SettlementInstruction, StatementMonth, Trade
from clearing.safeguarding.services.idle_money import return_idle_money
from clearing.settlement.services.payments import alarm_lost_payments, mark_overdue_payments
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.statements.document import month_of
from clearing.statements.services import due_from, make_statements
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.services import expire_approvals
from marketplace.kernel import clock
from marketplace.kernel.clock import market_zone
from tests.clearing.approvals.test_limits import give
from tests.clearing.cutting_off import cut_off
from tests.participants.factories import client_of
from tests.poison import RUNS, aside, let_pauses_pass, poisoned, tasks_to_repair

from .. import factories
from ..test_invariants import broken


def run(loop: Callable[[], int]) -> int:
    return sum(loop() for _ in range(RUNS))


def pass_days(days: int) -> None:
    clock.move_to(clock.now() + timedelta(days=days), running=False)


def assert_named_then_repaired(loop: str, subject: str, work: Callable[[], int]) -> None:
    """The row has the operator's task; once the cause is gone it is processed, and the task is closed."""
    assert aside(loop) == [subject]
    ((title, state),) = tasks_to_repair()
    assert (subject in title, loop in title, "this row is poison" in title, state) == (
        True,
        True,
        True,
        "open",
    )
    assert work() == 0
    let_pauses_pass()
    assert work() >= 1
    assert (aside(loop), tasks_to_repair()[0][1], broken()) == ([], "done", {})


def test_a_trade_that_cannot_be_failed(market):
    pass_days(0)
    trades = [factories.conclude(market, name, "seller", 1_000) for name in ("a", "b")]
    pass_days(10)
    with poisoned("clearing_trade", f"NEW.state = 'failed' AND NEW.id = {trades[0].pk}"):
        run(tasks.sweep)
    states = dict(Trade.objects.values_list("pk", "state"))
    assert [states[trade.pk] for trade in trades] == ["concluded", "failed"]
    assert_named_then_repaired("clearing.fail_unfunded_trades", trades[0].public_id, tasks.sweep)


def test_idle_money_that_cannot_be_returned(market):
    factories.pay_in(market, "buyer", 5_000)
    factories.pay_in(market, "other", 6_000)
    pass_days(5)
    stuck = market.party("buyer")
    with poisoned("clearing_settlementinstruction", f"NEW.organisation_id = {stuck.pk}"):
        assert run(return_idle_money) == 1
    assert factories.available(market, "other") == 0
    assert_named_then_repaired("clearing.return_idle_money", f"{stuck.public_id} JPY", return_idle_money)


@pytest.fixture
def sent(market):
    """A cycle whose two payments are with the bank."""
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    return cycle


def states_of(cycle) -> list[str]:
    return [row.state for row in factories.instructions(cycle)]


def test_a_payment_that_cannot_be_marked_unknown(market, sent):
    first = factories.instructions(sent)[0]
    pass_days(10)
    with poisoned("clearing_settlementinstruction", f"NEW.id = {first.pk}"):
        assert run(mark_overdue_payments) == 1
    assert states_of(sent) == ["sending", "unknown"]
    assert_named_then_repaired("clearing.mark_overdue_payments", first.public_id, mark_overdue_payments)


def test_a_lost_payment_of_which_nobody_can_be_told(market, sent):
    pass_days(10)
    mark_overdue_payments()
    first = factories.instructions(sent)[0]
    with poisoned("clearing_settlementinstruction", f"NEW.id = {first.pk}"):
        assert run(alarm_lost_payments) == 1
    assert SettlementInstruction.objects.filter(alarmed_at=None).count() == 1
    assert_named_then_repaired("clearing.alarm_lost_payments", first.public_id, alarm_lost_payments)


def test_an_approval_that_cannot_expire(market, first):
    for subject in ("sub_1", "sub_2"):
        with pytest.raises(SecondPersonNeeded):
            give(first, 2_000_000, subject=subject)
    pass_days(2)
    stuck = factories.approvals()[0]
    with poisoned("approvals_approval", f"NEW.id = {stuck.pk}"):
        assert run(expire_approvals) == 1
    assert_named_then_repaired("approvals.expire", stuck.public_id, expire_approvals)


def test_a_statement_that_cannot_be_made(market):
    month = month_of(month_of(clock.today()).until)
    clock.move_to(datetime.combine(month.first + timedelta(days=9), time(12), market_zone()), running=False)
    factories.accepted(market, "buyer", "seller", 10_005)
    factories.settle(market, factories.clear(market))
    clock.move_to(due_from(month.until), running=False)
    stuck = market.party("buyer")
    with poisoned("clearing_monthlystatement", f"NEW.organisation_id = {stuck.pk}"):
        run(make_statements)
        assert list(MonthlyStatement.objects.values_list("organisation_id", flat=True)) == [
            market.party("seller").pk
        ]
        assert not StatementMonth.objects.filter(month=month.first).exists()
    assert_named_then_repaired("clearing.make_statements", f"{stuck.public_id} JPY", make_statements)
    make_statements()
    assert StatementMonth.objects.filter(month=month.first).exists()


def test_a_cycle_whose_step_fails_says_why(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    first = factories.clear(market, "validated")
    factories.accepted(market, "buyer", "seller", 20_000)
    second = cut_off(market.actor)
    path = f"/api/v1/cycles/{first.public_id}/progress/"
    operator = client_of(market.operator)
    with poisoned("clearing_netposition", f"NEW.cycle_id = {first.pk}"):
        run(tasks.sweep)
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.state, second.state) == ("validated", "settling")
        (obstacle,) = operator.get(path).json()["obstacles"]
        assert "this row is poison" in obstacle
        assert client_of(market.party("buyer")).get(path).json()["obstacles"] is None
    assert_named_then_repaired("clearing.advance_cycles", first.public_id, tasks.sweep)
    assert operator.get(path).json()["obstacles"] == []


def test_a_job_of_the_sweep_that_fails_holds_back_no_other(market):
    pass_days(0)
    trade = factories.conclude(market, "a", "seller", 1_000)
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = cut_off(market.actor)
    pass_days(10)
    with poisoned("clearing_cycle", "NEW.state = 'closing'"):
        run(tasks.sweep)
    cycle.refresh_from_db()
    trade.refresh_from_db()
    assert (cycle.state, trade.state) == ("settling", "failed")
    assert broken() == {}
