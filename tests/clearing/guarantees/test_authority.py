"""Whoever secures a trade by a guarantee stays within its limit of authority, or a colleague gives the command."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from clearing.models import Guarantee, GuaranteedPart, Trade
from clearing.run.services.sweeping import carry_out_deadlines
from clearing.trades.services.trades import secure_trade
from marketplace.approvals.models import Approval
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.invariants import REGISTER
from marketplace.kernel.permissions import Permission
from marketplace.participants.authority_errors import ColleagueNeeded, NobodyDecides
from marketplace.participants.models import Commitment, User
from tests.participants.authority import colleague, limit
from tests.participants.factories import actor_of, application_of
from tests.roles import assert_refused, unguarded
from tests.standing import made_once

from .. import factories
from ..guaranteeing import move_to, part_of, register
from ..test_invariants import broken

MONDAY = (2027, 1, 4)


@made_once
def market():
    """A market in which it is the morning of Monday, 4 January 2027."""
    factories.on_day(*MONDAY)
    return factories.market()


@pytest.fixture
def guarantee(market) -> Guarantee:
    """A guarantee of the buyer, with room for two trades."""
    return register(market, "city", 50_000)


@pytest.fixture
def trade(market) -> Trade:
    """A trade of ¥11,000 that waits for money."""
    return factories.conclude(market, "city", "seller", 10_000)


@pytest.fixture
def trader(market) -> Actor:
    """A trader of the buyer, whose traders secure up to ¥10,999 alone."""
    city = market.party("city")
    limit(colleague(city, "owner", "owner"), act="buy", role="trader", per_act_minor=10_999)
    return colleague(city, "trader", "trader")


def secure(actor: Actor, trade: Trade, guarantee: Guarantee) -> Trade:
    return secure_trade(actor=actor, trade=trade.public_id, guarantee=guarantee.public_id)


def left_alone(error: type[Exception], call: Any, **fields: Any) -> None:
    """The call is refused, and nothing is secured or committed."""
    with pytest.raises(error) as refusal:
        call()
    assert (GuaranteedPart.objects.count(), Commitment.objects.count()) == (0, 0)
    assert Trade.objects.get().state == "concluded"
    for name, value in fields.items():
        assert refusal.value.fields[name] == value


def test_above_its_limit_a_trader_asks_a_colleague(market, trade, guarantee, trader):
    left_alone(NobodyDecides, lambda: secure(trader, trade, guarantee), limit="act", limit_minor=10_999)
    boss = colleague(market.party("city"), "boss", "trader")
    raised = limit(owner_of(market), act="buy", person=boss.identifier, per_act_minor=11_000)
    move_to(raised.effective_from)
    left_alone(ColleagueNeeded, lambda: secure(trader, trade, guarantee), deciders=boss.identifier)
    assert secure(boss, trade, guarantee).state == "secured"
    row = Commitment.objects.get()
    assert (row.act, row.role, row.person, row.amount_minor, row.subject) == (
        "buy",
        "trader",
        boss.identifier,
        11_000,
        trade.public_id,
    )
    assert (row.approval_id, part_of(trade).ordered_by) == (
        Approval.objects.get(state="approved", command="trades.secure").pk,
        boss.identifier,
    )
    assert broken() == {}


def owner_of(market: factories.Market) -> Actor:
    return actor_of(User.objects.get(email="owner@example.jp"))


def test_without_limits_whoever_may_secures(market, trade, guarantee):
    actor = colleague(market.party("city"), "trader", "trader")
    assert secure(actor, trade, guarantee).state == "secured"
    assert (Commitment.objects.count(), part_of(trade).ordered_by) == (0, actor.identifier)
    assert broken() == {}


def test_a_program_secures_by_the_authority_of_who_answers_for_it(market, trade, guarantee, trader):
    boss = colleague(market.party("city"), "boss", "trader")
    raised = limit(owner_of(market), act="buy", person=boss.identifier, per_act_minor=11_000)
    move_to(raised.effective_from)
    program = application_of(market.party("city"), ["market:read", "negotiations:settle"])
    acting = replace(
        trader,
        identifier=program.public_id,
        responsible=program.responsible.public_id,
        permissions=frozenset({Permission.NEGOTIATIONS_SETTLE}),
    )
    left_alone(ColleagueNeeded, lambda: secure(acting, trade, guarantee), deciders=boss.identifier)
    asked = Approval.objects.get(command="trades.secure")
    assert (asked.first_person, asked.first_responsible) == (program.public_id, acting.responsible)
    assert secure(boss, trade, guarantee).state == "secured"
    assert broken() == {}


def test_what_the_market_secures_by_itself_was_bought_by_the_signature(market, trade, guarantee, trader):
    carry_out_deadlines()
    trade.refresh_from_db()
    assert (trade.state, part_of(trade).ordered_by, Commitment.objects.count()) == ("secured", None, 0)
    assert broken() == {}


ORDER = (
    "INSERT INTO clearing_guaranteedpart"
    " (public_id, trade_id, guarantee_id, amount_minor, due_by, reserved_at, ordered_by)"
    " SELECT 'gpt_raw', %s, %s, 11000, (public.business_now() AT TIME ZONE 'Asia/Tokyo')::date + 60,"
    " public.business_now(), %s"
)


def test_the_database_takes_no_order_without_authority(market, trade, guarantee, trader):
    clock.move_to(clock.now() + timedelta(minutes=1), running=False)
    with connection.cursor() as cursor:

        def attack() -> None:
            cursor.execute(ORDER, [trade.pk, guarantee.pk, trader.identifier])
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

        assert_refused(attack, because="without a commitment|follows|waiting|secured")
    carry_out_deadlines()
    secured = part_of(trade)
    with unguarded("clearing_guaranteedpart"), connection.cursor() as cursor:
        cursor.execute("UPDATE clearing_guaranteedpart SET ordered_by = %s", [trader.identifier])
    found = REGISTER["clearing.ordered_with_authority"].check()
    assert found == [{"public_id": secured.public_id, "ordered_by": trader.identifier}]
