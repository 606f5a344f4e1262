"""While trading is halted nobody fails for not paying in, and what a halt took of the time is given back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from clearing.models import Trade
from clearing.run.services.sweeping import carry_out_deadlines
from clearing.trades.queries import overdue_count
from clearing.trades.services.endings import fail_trade
from clearing.trades.services.funding import give_back_halts
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.events.services import envelope_of
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import REGISTER, verify_all
from marketplace.notices import handlers as notices
from marketplace.notices.handlers.halts import on_trade_funding_extended
from marketplace.notices.models import Notice, Task
from tests.contracts.standing.test_halt_time import halt, later, lift
from tests.participants import factories as participants
from tests.poison import RUNS, aside, poisoned
from tests.roles import assert_refused, unguarded

from .. import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(market) -> Trade:
    """A trade that waits for its buyer's money; business time stands still."""
    clock.move_to(clock.now(), running=False)
    return factories.conclude(market, "buyer", "seller", 10_000)


def events(kind: str) -> list[OutboxEvent]:
    return list(OutboxEvent.objects.filter(type=kind).order_by("pk"))


def tell(kind: str, handler) -> None:
    for row in events(kind):
        envelope = envelope_of(row)
        handler(parse(envelope.type, envelope.data), envelope)


def test_nobody_fails_for_not_paying_while_trading_is_halted(market, waiting):
    due = waiting.fund_by
    halted = halt("segment", participants.segment(waiting.segment).code)
    clock.move_to(due + timedelta(days=2), running=False)
    assert (overdue_count(), carry_out_deadlines(), give_back_halts(limit=9)) == (0, 0, 0)
    assert fail_trade(actor=SYSTEM, trade=waiting.public_id) is False
    waiting.refresh_from_db()
    assert (waiting.state, waiting.fund_by, waiting.agreed_fund_by) == ("concluded", due, None)
    # Who pays in meanwhile is served.
    factories.pay_in(market, "buyer", 11_000)
    waiting.refresh_from_db()
    assert waiting.state == "secured"
    lift(halted)
    assert give_back_halts(limit=9) == 0


def test_what_a_halt_took_is_given_back_once_and_told(waiting):
    due = waiting.fund_by
    tell("trade.concluded", notices.on_trade_concluded)
    later(0.25)
    halted = halt("market")
    later(3)
    lift(halted)
    assert (give_back_halts(limit=9), give_back_halts(limit=9)) == (1, 0)
    waiting.refresh_from_db()
    assert (waiting.fund_by, waiting.agreed_fund_by) == (due + timedelta(days=3), due)
    tell("trade.funding_extended", on_trade_funding_extended)
    assert Task.objects.get(kind="fund").deadline == due + timedelta(days=3)
    told = Notice.objects.filter(subject=waiting.public_id, title__en="The time to pay in is longer")
    assert set(told.values_list("organisation", flat=True)) == {waiting.buyer_id, waiting.seller_id}
    (record,) = EvidenceRecord.objects.filter(kind="clearing.trade_funding_extended")
    assert record.payload["fund_by"] == (due + timedelta(days=3)).isoformat()
    clock.move_to(due + timedelta(days=3, minutes=-1), running=False)
    assert carry_out_deadlines() == 0
    clock.move_to(due + timedelta(days=3), running=False)
    assert carry_out_deadlines() == 1
    waiting.refresh_from_db()
    assert waiting.state == "failed"
    # ``lift`` lifts by two people without their approval.
    assert {name for name, rows in verify_all().items() if rows} <= {"clearing.released_by_two_people"}


def test_a_trade_that_would_fail_first_is_given_its_time_back(waiting):
    due = waiting.fund_by
    halted = halt("market")
    later(2)
    lift(halted)
    assert clock.now() > due
    assert fail_trade(actor=SYSTEM, trade=waiting.public_id) is False
    waiting.refresh_from_db()
    assert (waiting.state, waiting.fund_by) == ("concluded", due + timedelta(days=2))
    assert len(events("trade.funding_extended")) == 1


def test_a_halt_elsewhere_moves_nothing(waiting):
    due = waiting.fund_by
    halted = halt("segment", participants.segment("public").code)
    later(2)
    lift(halted)
    assert (give_back_halts(limit=9), give_back_halts(limit=9)) == (1, 0)
    waiting.refresh_from_db()
    assert (waiting.fund_by, waiting.agreed_fund_by, events("trade.funding_extended")) == (due, None, [])


def test_a_trade_that_cannot_be_given_its_time_back_stops_no_sweep(waiting):
    halted = halt("market")
    later(2)
    lift(halted)
    with poisoned("clearing_trade", "NEW.halts_counted_until IS NOT NULL"):
        assert sum(give_back_halts(limit=9) for _ in range(RUNS)) == 0
    assert aside("clearing.give_back_halts") == [waiting.public_id]


def test_the_database_moves_the_time_to_pay_in_by_nothing_else(waiting):
    def refused(change: str) -> None:
        def attack() -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"UPDATE clearing_trade SET {change}")

        assert_refused(attack, because="moves by the time that trading was halted|what was agreed is kept")

    counted, kept = "halts_counted_until = public.business_now()", "agreed_fund_by = fund_by"
    refused("fund_by = fund_by + interval '1 day'")
    refused(f"fund_by = fund_by + interval '1 day', {counted}, {kept}")
    refused(f"fund_by = fund_by - interval '1 day', {counted}, {kept}")
    halted = halt("market")
    later(2)
    refused(f"fund_by = fund_by + interval '2 days', {counted}, {kept}")
    lift(halted)
    refused(f"fund_by = fund_by + interval '3 days', {counted}, {kept}")
    refused(f"fund_by = fund_by + interval '2 days', {counted}")
    refused("agreed_fund_by = fund_by")
    # Time that a halt took is neither kept back nor given twice.
    refused(counted)
    assert give_back_halts(limit=9) == 1
    refused("halts_counted_until = NULL")
    refused("halts_counted_until = halts_counted_until - interval '1 day'")
    refused(f"fund_by = fund_by + interval '2 days', {counted}")


def test_a_time_to_pay_in_that_moved_otherwise_is_named(waiting):
    check = REGISTER["clearing.time_to_pay_in_moves_as_halted"].check
    halted = halt("market")
    later(2)
    lift(halted)
    assert give_back_halts(limit=9) == 1
    assert check() == []
    for moved in ("fund_by + interval '1 day'", "agreed_fund_by"):
        with unguarded("clearing_trade"), connection.cursor() as cursor:
            cursor.execute(f"UPDATE clearing_trade SET fund_by = {moved}")
        assert [row["public_id"] for row in check()] == [waiting.public_id]
