"""Markets as the front page meets them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.clearing import factories as clearing
from tests.listings import factories as listings
from tests.rules import factories as rules


@pytest.fixture
def trading_market(db: None) -> Callable[[int], list[str]]:
    """Makes a market with a number of listings on sale and as many settled cycles; gives their business keys."""

    def make(count: int) -> list[str]:
        seller = listings.seller()
        rules.publish()
        for _ in range(count):
            listings.published(seller)
        market = clearing.market()
        keys = []
        for number in range(count):
            clearing.accepted(market, "buyer", "seller", 10_000 + number)
            keys.append(clearing.settle(market, clearing.clear(market)).business_key)
        return keys

    return make
