"""A value of an index that came after a charge began settles what it changes of that charge with the next one, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.adjusting.late import settle_last_charges
from contracts.adjusting.services import adjust_begun_charge, enter_index_value
from contracts.models import Adjustment, FiredAdjustment
from contracts.plan import plan_lines, plan_of
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.evidence.signatures import verify
from marketplace.kernel import clock
from tests.clearing.trades.test_charged_as_signed import concluded, market
from tests.contracts.ending.test_endings import colleague
from tests.contracts.raw import run
from tests.poison import RUNS, aside, poisoned
from tests.roles import unguarded

from .test_fired import INDEX, QUALITY, begun, breaches, due, enter, fired, monthly, state_interval

pytestmark = pytest.mark.django_db
__all__ = ["market"]


def enter_late(market, as_of, value_milli, name):
    stated = {"index": "cpi_jp", "as_of": as_of, "value_milli": value_milli, "source": "総務省統計局"}
    with pytest.raises(SecondPersonNeeded):
        enter_index_value(actor=market.operator, **stated)
    return enter_index_value(actor=colleague(market, name), **stated)


def days_after(agreement, days):
    clock.move_to(agreement.concluded_at + timedelta(days=days), running=False)


def test_it_is_settled_with_the_next_charge_and_signed(market):
    agreement = monthly(market, INDEX)
    day = clock.today()
    begun(agreement)
    assert fired() == []
    days_after(agreement, 5)
    value = enter_late(market, day, 104_000, "late")
    days_after(agreement, 32)
    for _ in range(2):
        adjust_begun_charge(agreement=agreement.public_id, charge=2)
    assert fired() == [("index", 2, 10_000, 10_400), ("late", 1, 10_000, 10_400)]
    assert due(agreement) == [(agreement.buyer_identifier, 400, 2)] * 2
    row = FiredAdjustment.objects.get(kind="late")
    said = verify(row.jws)
    assert (said["charge"], said["inputs"]["index_value"], row.adjustment.reason_code) == (
        1,
        value.public_id,
        "clause_late",
    )
    assert any("entered later" in line for line in plan_lines(plan_of(agreement.instrument.said), "en"))
    assert breaches() == []
    with unguarded("contracts_firedadjustment"):
        run("UPDATE contracts_firedadjustment SET after_minor = after_minor + 1 WHERE kind = 'late'")
    assert breaches() == [row.public_id]


def test_what_quality_reduced_is_reduced_of_the_late_price_too(market):
    state_interval(market)
    agreement = monthly(market, INDEX, QUALITY)
    days_after(agreement, 70)
    on = clock.business_date(agreement.concluded_at) + timedelta(days=45)
    adjust_begun_charge(agreement=agreement.public_id, charge=3)
    assert fired() == [("quality", 3, 10_000, 9_000)]
    days_after(agreement, 75)
    enter_late(market, on, 105_000, "late")
    adjust_begun_charge(agreement=agreement.public_id, charge=4)
    assert ("late", 3, 9_000, 9_450) in fired()
    assert breaches() == []


def test_a_value_that_came_in_time_or_changes_nothing_settles_nothing(market):
    enter(market)
    agreement = monthly(market, INDEX)
    begun(agreement)
    days_after(agreement, 32)
    adjust_begun_charge(agreement=agreement.public_id, charge=2)
    assert [kind for kind, *_ in fired()] == ["index", "index"]


def test_for_the_last_period_it_is_settled_when_that_ends(market):
    agreement = concluded(
        market, price_minor=10_000, charging={"kind": "subscription", "charges": 2, "adjustments": [INDEX]}
    )
    day = clock.today()
    begun(agreement)
    days_after(agreement, 32)
    adjust_begun_charge(agreement=agreement.public_id, charge=2)
    enter_late(market, day, 104_000, "late")
    assert (settle_last_charges(), fired()) == (0, [])
    days_after(agreement, 63)
    with poisoned("contracts_adjustment", "NEW.charge = 2"):
        for _ in range(RUNS):
            settle_last_charges()
        assert aside("contracts.settle_last_charges") == [agreement.public_id]
    assert Adjustment.objects.count() == 0


def test_the_last_period_is_settled_once(market):
    agreement = concluded(
        market, price_minor=10_000, charging={"kind": "subscription", "charges": 2, "adjustments": [INDEX]}
    )
    day = clock.today()
    days_after(agreement, 32)
    adjust_begun_charge(agreement=agreement.public_id, charge=2)
    enter_late(market, day, 104_000, "late")
    days_after(agreement, 63)
    assert (settle_last_charges(), settle_last_charges()) == (1, 0)
    assert fired() == [("late", 2, 10_000, 10_400)]
    assert due(agreement) == [(agreement.buyer_identifier, 400, 2)]
    assert breaches() == []
