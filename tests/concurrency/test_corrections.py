"""Races for what remains of a trade: of two that give back at the same time, only what fits passes."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction

from clearing.models import Obligation
from clearing.trades.errors import BeyondCaptured, PenaltyBeyondCap
from clearing.trades.services.corrections import penalise_trade, refund_trade
from tests.clearing import factories
from tests.concurrency.test_holds import at_once, broken

pytestmark = pytest.mark.usefixtures("committed_database")


@pytest.fixture
def market(committed_database) -> factories.Market:
    return factories.market()


def outcome(result: object) -> str:
    return type(result).__name__


def test_of_a_refund_and_a_price_reduction_one_passes(market):
    for _ in range(3):
        trade = factories.accepted(market, "buyer", "seller", 10_000)
        results = at_once(
            partial(refund_trade, actor=market.actor, trade=trade.public_id, amount_minor=6_000, reason="r"),
            partial(factories.adjust, market, trade, "seller", "buyer", 6_000),
        )
        assert [isinstance(result, BeyondCaptured) for result in results].count(True) == 1
        given = Obligation.objects.filter(trade=trade, kind__in=("refund", "adjustment"))
        assert [(row.amount_minor, row.tax_minor) for row in given] == [(6_000, 600)]
    assert broken() == {}


def test_of_three_parts_at_once_the_tax_sums_to_the_whole(market):
    trade = factories.accepted(market, "buyer", "seller", 315)
    refund = partial(refund_trade, actor=market.actor, trade=trade.public_id, amount_minor=105, reason="r")
    results = at_once(refund, refund, refund, refund)
    assert sorted(map(outcome, results)) == ["BeyondCaptured", "Obligation", "Obligation", "Obligation"]
    given = Obligation.objects.filter(trade=trade, kind="refund").order_by("pk")
    assert [row.tax_minor for row in given] == [10, 11, 10]
    assert broken() == {}


def test_of_two_penalties_at_once_one_passes(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    penalise = partial(
        penalise_trade,
        actor=market.actor,
        trade=trade.public_id,
        debtor=market.party("seller").public_id,
        amount_minor=6_000,
        reason="late",
    )
    results = at_once(penalise, penalise)
    assert [isinstance(result, PenaltyBeyondCap) for result in results].count(True) == 1
    assert Obligation.objects.filter(kind="penalty").count() == 1
    assert broken() == {}


def test_the_database_refuses_the_second_of_two_that_do_not_ask(market):
    """Two sessions insert without the row lock of the service; the guard's own lock makes the second count the first."""
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    cycle = market.cycle.pk

    def insert(source: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO clearing_obligation (trade_id, kind, debtor_id, creditor_id, amount_minor, tax_minor,"
                " tax_rate_bp, currency, cycle_id, legal_basis, source, made_at)"
                " VALUES (%s, 'refund', %s, %s, 6000, 600, 1000, 'JPY', %s, 'market_terms', %s, now())",
                [trade.pk, trade.seller_id, trade.buyer_id, cycle, source],
            )

    results = at_once(partial(insert, "raw_1"), partial(insert, "raw_2"))
    assert sorted(map(outcome, results)) == ["IntegrityError", "NoneType"]
    assert isinstance(next(result for result in results if result is not None), IntegrityError)
    assert Obligation.objects.filter(kind="refund").count() == 1
    assert broken() == {}
