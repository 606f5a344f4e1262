"""A clause adjusts the charge that it names, and clearing tells what a metered period was charged."""

from __future__ import annotations

from clearing.models import Obligation
from clearing.run.services.sweeping import carry_out_deadlines
from marketplace.events.models import OutboxEvent

from .. import factories
from ..factories import charges, on_day
from .test_charges import clean, market

__all__ = ["market"]


def test_the_charge_that_a_clause_names_is_corrected(market):
    factories.pay_in(market, "buyer", 3_300)
    first = factories.plan(market, "subscription", 1_000, charges=3)
    on_day(2027, 2, 4)
    carry_out_deadlines()
    factories.adjust(market, first, "seller", "buyer", 100, charge=2, within_left=True)
    factories.adjust(market, first, "buyer", "seller", 40, charge=2, within_left=True)
    rows = Obligation.objects.filter(kind="adjustment").order_by("pk")
    second = charges(first.agreement)[1]
    assert [(row.trade_id, row.amount_minor) for row in rows] == [(second.pk, 100), (second.pk, 40)]
    assert clean()


def test_of_a_charge_that_is_not_there_nothing_is_corrected(market):
    factories.pay_in(market, "buyer", 1_100)
    first = factories.plan(market, "subscription", 1_000, charges=3)
    factories.adjust(market, first, "seller", "buyer", 100, charge=3, within_left=True)
    assert not Obligation.objects.filter(kind="adjustment").exists()


def test_a_metered_period_tells_its_uses_and_what_it_was_charged(market):
    factories.pay_in(market, "buyer", 1_100)
    first = factories.plan(market, "metered", 1_000, charges=1)
    factories.accept(first)
    factories.use(first, 700, on_day(2027, 1, 10), quantity=7)
    factories.use(first, 400, on_day(2027, 1, 11), quantity=4)
    on_day(2027, 2, 5)
    carry_out_deadlines()
    told = OutboxEvent.objects.get(type="usage.period_charged").data
    assert (told["charge"], told["uses"], told["charged_minor"]) == (1, 11, 1_000)
    factories.adjust(market, first, "seller", "buyer", 50, charge=1, within_left=True)
    assert Obligation.objects.get(kind="adjustment").amount_minor == 50
    assert clean()
