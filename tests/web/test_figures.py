"""The figures of the front page."""

from __future__ import annotations

from datetime import UTC, datetime

from marketplace.kernel import clock
from tests.clearing import factories as clearing
from web.figures import MarketFigures, market_figures


def test_an_empty_market_has_no_figures(db):
    assert market_figures("en") == MarketFigures(
        listings_on_sale=0, rulebook=None, cycles_settled=0, trades_cleared=0, cycles=[]
    )


def test_only_settled_cycles_count(db):
    market = clearing.market()
    clearing.accepted(market, "buyer", "seller", 10_000)
    cycle = clearing.clear(market)
    assert cycle.state == "settling"
    before = market_figures("en")
    assert (before.cycles_settled, before.trades_cleared, before.cycles) == (0, 0, [])
    clearing.settle(market, cycle)
    after = market_figures("en")
    assert (after.cycles_settled, after.trades_cleared) == (1, 1)
    assert [shown["business_key"] for shown in after.cycles] == [cycle.business_key]


def test_the_newest_three_cycles_are_shown_the_newest_first(trading_market):
    keys = trading_market(4)
    figures = market_figures("ja")
    assert figures.listings_on_sale == 4
    assert (figures.cycles_settled, figures.trades_cleared) == (4, 4)
    assert [cycle["business_key"] for cycle in figures.cycles] == [keys[3], keys[2], keys[1]]
    assert [cycle["gross_minor"] for cycle in figures.cycles] == ["¥11,553", "¥11,552", "¥11,551"]


def test_the_rulebook_in_force_is_told_with_its_day(db):
    clock.move_to(datetime(2199, 1, 4, 16, tzinfo=UTC))
    clearing.market()
    assert market_figures("ja").rulebook == {"number": 1, "effective_on": "2199年1月5日"}
    assert market_figures("en").rulebook == {"number": 1, "effective_on": "5 January 2199"}
