"""What a buyer owes and what a seller was paid for and has not delivered, at each state of a trade."""

from __future__ import annotations

from dataclasses import astuple
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clearing.tasks import sweep
from clearing.trades.open_amounts import exposure_facts, open_amounts
from marketplace.kernel import clock
from marketplace.kernel.errors import Missing
from tests.clearing import factories, guaranteeing

pytestmark = pytest.mark.django_db


@pytest.fixture
def market():
    return factories.market()


def standing(market, buyer="b", seller="s", currency="JPY"):
    """What the buyer owes, on how many trades, and what the seller was paid and has not delivered."""
    buyer_id, seller_id = market.party(buyer).pk, market.party(seller).pk
    return astuple(open_amounts(buyer_id=buyer_id, seller_id=seller_id, currency=currency))


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


def test_all_amounts_are_one_statement_by_indexes(market):
    buyer_id, seller_id = market.party("b").pk, market.party("s").pk
    with CaptureQueriesContext(connection) as sent:
        open_amounts(buyer_id=buyer_id, seller_id=seller_id, currency="JPY")
    (query,) = sent.captured_queries
    stated = query["sql"]
    for number, value in enumerate(("'{}'", "1", "'JPY'", "1", "'JPY'"), start=1):
        stated = stated.replace(f"${number}", value)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {stated}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert ("Seq Scan" in plan, "trade_undelivered" in plan) == (False, True)
