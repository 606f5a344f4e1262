"""The operator's reserve: what it lends, to whom, how much at most, and how it gets it back.

As in the stories about shortfalls, the seller sold a trade of 10,000 yen before and stands with nothing.
"""

from __future__ import annotations

from clearing.ledger.queries import client_money
from clearing.models import Shortfall
from clearing.run.services.cycles import advance_cycle
from clearing.shortfalls.own_money import lendable_minor
from tests.rules.factories import publish as publish_rulebook

from .. import factories
from ..test_invariants import broken
from .test_shortfalls import carried, cover, paid


def test_the_reserve_lends_what_is_missing_and_gets_it_back(market, sold):
    """Of 550 the seller has 100; the reserve lends 450, the buyer is paid all, the next sale pays it back."""
    factories.fund_reserve(market, 10_000)
    factories.pay_in(market, "seller", 100)
    factories.adjust(market, sold, "seller", "buyer", 500)
    second = factories.clear(market)
    assert cover(market, "seller") == [("drawn", 100), ("drawn_reserve", 450)]
    assert factories.balance(market, "seller", "claim") == 450
    assert (paid(second, market), carried(market.cycle)) == ({"buyer": 550}, [])
    (shortfall,) = Shortfall.objects.all()
    assert (shortfall.missing_minor, shortfall.lent_minor, shortfall.deferred_minor) == (450, 450, 0)
    money = client_money("JPY")
    assert (money.bank_minor, money.owed_minor, money.operator_minor) == (10_100, 550, 9_550)
    factories.settle(market, second)
    assert second.state == "partial"
    assert broken() == {}

    factories.accepted(market, "buyer", "seller", 10_000)
    third = factories.clear(market)
    assert paid(third, market) == {"seller": 10_000, "operator": 550}
    assert factories.balance(market, "seller", "claim") == 0
    assert advance_cycle(cycle=second.public_id) == "settled"
    factories.settle(market, third)
    money = client_money("JPY")
    assert (money.bank_minor, money.owed_minor, money.operator_minor) == (10_000, 0, 10_000)
    assert broken() == {}


def test_a_cycle_draws_no_more_than_the_cap(market, sold):
    capped = {**factories.RULEBOOK, "parameters": {"reserve_cap_minor": 200}}
    publish_rulebook(capped)
    factories.fund_reserve(market, 10_000)
    assert lendable_minor("JPY") == 200
    factories.adjust(market, sold, "seller", "buyer", 500)
    cycle = factories.clear(market)
    assert cover(market, "seller") == [("drawn_reserve", 200)]
    assert carried(market.cycle) == [("adjustment", 319, 31)]
    assert paid(cycle, market) == {"buyer": 200}
    assert broken() == {}


def test_the_reserve_lends_what_it_has_and_what_it_has_not_lent_before(market, sold):
    factories.fund_reserve(market, 700)
    factories.adjust(market, sold, "seller", "buyer", 500)
    factories.clear(market)
    assert (factories.balance(market, "seller", "claim"), lendable_minor("JPY")) == (550, 150)
    factories.adjust(market, sold, "seller", "buyer", 1_000)
    cycle = factories.clear(market)
    assert (factories.balance(market, "seller", "claim"), lendable_minor("JPY")) == (700, 0)
    assert (paid(cycle, market), carried(market.cycle)) == ({"buyer": 150}, [("adjustment", 864, 86)])
    assert broken() == {}


def test_the_reserve_never_pays_the_operator(market, sold):
    factories.fund_reserve(market, 10_000)
    factories.accepted(market, "other", "seller", 1_000)
    factories.adjust(market, sold, "seller", "buyer", 1_000)
    cycle = factories.clear(market)
    assert (factories.balance(market, "seller", "claim"), carried(market.cycle)) == (0, [("fee", 110, 0)])
    assert paid(cycle, market) == {"buyer": 1_100}
    assert broken() == {}
