"""A market for each test that asks for one."""

from __future__ import annotations

import pytest

from clearing.models import Trade

from . import factories


@pytest.fixture
def market(db: None) -> factories.Market:
    """A market that can clear yen."""
    return factories.market()


@pytest.fixture
def sold(market: factories.Market) -> Trade:
    """A trade from a cycle that is settled: the seller has been paid out and has nothing left."""
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    factories.settle(market, factories.clear(market))
    return trade
