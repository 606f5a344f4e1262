"""An adjustment of a charge that is no trade yet waits for it, and counts only as far as it moved."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clearing.models import AwaitedCorrection, Obligation, Trade
from clearing.run.services.sweeping import carry_out_deadlines
from clearing.trades.errors import ChargeOver
from contracts.models import Adjustment
from contracts.services import adjust_price
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from tests.contracts import factories as contracts
from tests.contracts.raw import run
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

from .. import factories
from ..factories import charges, on_day
from .test_charged_as_signed import concluded
from .test_charges import clean, market
from .test_limits import agreed, order

__all__ = ["agreed", "market"]


def named() -> list[str]:
    return [str(next(iter(row.values()))) for row in REGISTER["clearing.adjusted_as_ordered"].check()]


def corrections() -> list[tuple[int, int]]:
    rows = Obligation.objects.filter(kind="adjustment", reverses=None).order_by("pk")
    return [(row.trade.charge, row.amount_minor) for row in rows]


def void() -> int:
    return EvidenceRecord.objects.filter(kind="clearing.trade_adjustment_void").count()


def test_a_correction_of_a_charge_that_is_to_come_is_made_with_it(market):
    factories.pay_in(market, "buyer", 3_300)
    first = factories.plan(market, "subscription", 1_000, charges=3)
    factories.adjust(market, first, "seller", "buyer", 700, charge=2)
    factories.adjust(market, first, "seller", "buyer", 700, charge=2, within_left=True)
    factories.adjust(market, first, "seller", "buyer", 100, charge=9)
    assert (corrections(), AwaitedCorrection.objects.filter(ended_at=None).count(), void()) == ([], 2, 1)
    on_day(2027, 2, 4)
    carry_out_deadlines()
    assert corrections() == [(2, 700), (2, 300)]
    assert not AwaitedCorrection.objects.filter(ended_at=None).exists()
    assert clean()


def test_a_correction_of_a_charge_that_never_comes_is_void(market):
    factories.pay_in(market, "buyer", 1_100)
    first = factories.plan(market, "subscription", 1_000, charges=3)
    factories.adjust(market, first, "seller", "buyer", 700, charge=2)
    factories.complain(first)
    factories.resolve(first, "refund")
    assert (corrections(), void()) == ([], 1)
    assert AwaitedCorrection.objects.get().ended_at is not None
    factories.adjust(market, first, "seller", "buyer", 700, charge=3)
    assert (AwaitedCorrection.objects.count(), void()) == (1, 2)
    assert clean()


@pytest.mark.parametrize("used", [700, 0])
def test_a_correction_of_a_metered_period_waits_for_the_count_of_its_use(market, used):
    factories.pay_in(market, "buyer", 1_100)
    first = factories.plan(market, "metered", 1_000, charges=1)
    factories.accept(first)
    factories.adjust(market, first, "seller", "buyer", 800, charge=1)
    assert corrections() == []
    if used:
        factories.use(first, used, on_day(2027, 1, 10), quantity=7)
    on_day(2027, 2, 5)
    carry_out_deadlines()
    assert (corrections(), void()) == (([(1, 700)], 0) if used else ([], 1))
    assert clean()


def test_the_database_keeps_what_waits(market):
    factories.pay_in(market, "buyer", 2_200)
    first = factories.plan(market, "subscription", 1_000, charges=2)
    factories.adjust(market, first, "seller", "buyer", 700, charge=2)
    again = (
        "INSERT INTO clearing_awaitedcorrection (source, agreement, charge, debtor_id, creditor_id, amount_minor, awaited_at)"
        " SELECT 'adj_raw', agreement, {charge}, debtor_id, creditor_id, amount_minor, public.business_now()"
        " FROM clearing_awaitedcorrection"
    )
    for charge in (1, 3):
        assert_refused(
            lambda charge=charge: run(again.format(charge=charge)),
            because="waits for no charge that is to come",
        )
    assert_refused(
        lambda: run("UPDATE clearing_awaitedcorrection SET ended_at = public.business_now()"),
        because="neither made nor void",
    )
    with unguarded("clearing_awaitedcorrection"):
        run("UPDATE clearing_awaitedcorrection SET ended_at = public.business_now()")
    assert len(named()) == 1
    with unguarded("clearing_awaitedcorrection"):
        run("UPDATE clearing_awaitedcorrection SET ended_at = NULL, charge = 1")
    assert len(named()) == 1
    assert len(charges(first.agreement)) == 1


def test_an_order_about_a_charge_that_is_over_is_refused(market):
    made = contracts.market(operator=market.operator)
    factories.publish_rulebook({**factories.RULEBOOK, "rules": contracts.RULES["rules"]})
    market.parties |= {name: made.organisations[name] for name in ("buyer", "seller")}
    factories.pay_in(market, "buyer", 110_000)
    agreement = concluded(made, price_minor=100_000)
    over = Trade.objects.get(agreement=agreement.public_id)
    factories.complain(over)
    factories.resolve(over, "refund")
    with pytest.raises(ChargeOver):
        order(market, over, "usr_first", 105)
    assert Adjustment.objects.count() == 0


def test_an_adjustment_that_counts_and_did_not_move_is_named(agreed):
    made, trade = agreed
    order(made, trade, "usr_first", 105)
    unmoved = adjust_price(
        actor=participants.actor_for(made.operator, "usr_first"),
        agreement=trade.agreement,
        debtor=made.party("seller").public_id,
        amount_minor=205,
        reason="古い座標",
    )
    clock.move_to(clock.now() + timedelta(days=2), running=False)
    assert named() == [unmoved.public_id]
    factories.adjust(made, trade, "seller", "buyer", 205, adjustment=unmoved.public_id, charge=1)
    assert named() == []
