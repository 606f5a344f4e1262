"""What a buyer owes and what a seller was paid for and has not delivered, at each state of a trade."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clearing.tasks import sweep
from clearing.trades.open_amounts import exposure_facts, open_of_buyer, undelivered_of_seller
from marketplace.kernel import clock
from marketplace.kernel.errors import Missing
from tests.clearing import factories, guaranteeing

pytestmark = pytest.mark.django_db


@pytest.fixture
def market():
    return factories.market()


def standing(market, buyer="b", seller="s", currency="JPY"):
    """What the buyer owes, on how many trades, and what the seller was paid and has not delivered."""
    owed = open_of_buyer(market.party(buyer).pk, currency)
    return *owed, undelivered_of_seller(market.party(seller).pk, currency)


def test_a_trade_is_owed_until_it_is_secured_and_undelivered_until_it_is_accepted(market):
    assert standing(market) == (0, 0, 0)
    trade = factories.conclude(market, "b", "s", 10_000)
    factories.conclude(market, "b", "s", 20_000)
    assert (trade.state, standing(market)) == ("concluded", (33_000, 2, 0))
    factories.pay_in(market, "b", 11_000)
    trade.refresh_from_db()
    assert (trade.state, standing(market)) == ("secured", (22_000, 1, 11_000))
    assert (standing(market, "s", "b"), standing(market, currency="USD")) == ((0, 0, 0), (0, 0, 0))
    factories.complain(trade)
    assert (trade.state, standing(market)) == ("disputed", (22_000, 1, 11_000))
    factories.resolve(trade, "dismissed")
    factories.accept(trade)
    assert (trade.state, standing(market)) == ("accepted", (22_000, 1, 0))


def test_what_is_refunded_or_never_paid_is_neither(market):
    trade = factories.conclude(market, "b", "s", 10_000)
    factories.pay_in(market, "b", 11_000)
    trade.refresh_from_db()
    factories.complain(trade)
    factories.resolve(trade, "refund")
    failed = factories.conclude(market, "c", "s", 10_000)
    assert (trade.state, standing(market), standing(market, "c")) == (
        "refunded",
        (0, 0, 0),
        (11_000, 1, 0),
    )
    clock.move_to(failed.fund_by + timedelta(seconds=1))
    sweep()
    failed.refresh_from_db()
    assert (failed.state, standing(market, "c")) == ("failed", (0, 0, 0))


def test_a_guarantee_secures_what_nobody_has_paid_yet(market):
    guaranteeing.register(market, "b", 100_000)
    trade = factories.conclude(market, "b", "s", 10_000)
    part = guaranteeing.part_of(trade)
    assert (trade.state, part.amount_minor, standing(market)) == ("secured", 11_000, (0, 0, 0))


def test_a_negotiation_that_is_not_there_has_no_exposure(market):
    with pytest.raises(Missing):
        exposure_facts("ngt_nowhere")


def test_each_amount_is_one_statement_by_an_index(market):
    keys = market.party("b").pk, market.party("s").pk
    with CaptureQueriesContext(connection) as sent:
        open_of_buyer(keys[0], "JPY")
        undelivered_of_seller(keys[1], "JPY")
    assert len(sent) == 2
    used = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for query in sent.captured_queries:
            stated = query["sql"].replace("$1", "1").replace("$2", "'JPY'")
            cursor.execute(f"EXPLAIN {stated}")
            used.append("\n".join(line for (line,) in cursor.fetchall()))
    assert ["Seq Scan" in plan for plan in used] == [False, False]
    assert "trade_undelivered" in used[1]
