"""A market for each test that asks for one."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from clearing.cycles.services import declare_closed_day, publish_clearing_schedule
from clearing.models import Trade
from clearing.run.services import netting
from clearing.run.services.cut_offs import close_due_cycles
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from tests.participants.factories import actor_for
from tests.standing import made_once

from . import factories
from .raw import uncaused


@pytest.fixture(autouse=True)
def _nothing_foreseen() -> None:
    """What this process keeps of the cycle that it saw last is forgotten: an earlier test's cycle had the same number."""
    netting._LAST_FORESEEN.clear()
    netting._LAST_TOTALS.clear()


@made_once
def market() -> factories.Market:
    """A market that can clear yen."""
    return factories.market()


@pytest.fixture
def first(market: factories.Market) -> Actor:
    """A person of the operator."""
    return actor_for(market.operator, "usr_first")


@pytest.fixture
def second(market: factories.Market) -> Actor:
    """Another person of the operator."""
    return actor_for(market.operator, "usr_second")


@made_once
def sold(market: factories.Market) -> Trade:
    """A trade from a cycle that is settled: the seller has been paid out and has nothing left."""
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    factories.settle(market, factories.clear(market))
    return trade


@made_once
def secured(market: factories.Market) -> Trade:
    """A trade of 11,000 that is secured, with 4,000 left to its buyer."""
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "buyer", 15_000)
    trade.refresh_from_db()
    assert trade.state == "secured"
    return trade


@made_once
def market_cut_off() -> factories.Market:
    """A market whose first cycle was cut off at three by its calendar."""
    clock.move_to(factories.THREE - timedelta(hours=1), running=False)
    made = factories.market()
    factories.by_two(
        made,
        publish_clearing_schedule,
        currency="JPY",
        effective_from=date(2030, 4, 1),
        cut_off_times=[time(15)],
    )
    factories.by_two(made, declare_closed_day, day=date(2030, 4, 9), name={"ja": "休業", "en": "Closed"})
    clock.move_to(factories.THREE, running=False)
    assert close_due_cycles() == 1
    return made


@pytest.fixture
def no_causes(market: factories.Market) -> None:
    """Entries need no cause in this test, which tries other guards by themselves."""
    uncaused()
