"""What a clause read is compared with what stands on record, not believed."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from contracts.adjusting.services import adjust_begun_charge
from contracts.models import FiredAdjustment
from contracts.services.agreements import make_adjustment
from contracts.states import Party
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from tests.roles import assert_refused, unguarded

from .test_fired import INDEX, QUALITY, breaches, enter, market, monthly, state_interval

pytestmark = pytest.mark.django_db
__all__ = ["market"]


def forge(agreement, kind, charge, inputs, after_minor):
    """What a clause is said to have done to a charge of 10,000."""
    adjustment = make_adjustment(
        SYSTEM,
        agreement,
        debtor=Party.SELLER if after_minor < 10_000 else Party.BUYER,
        amount_minor=abs(after_minor - 10_000),
        reason="条項による",
        reason_code=f"clause_{kind}",
        within_left=True,
        charge=charge,
    )
    FiredAdjustment.objects.create(
        agreement=agreement,
        kind=kind,
        charge=charge,
        inputs=inputs,
        before_minor=10_000,
        after_minor=after_minor,
        adjustment=adjustment,
        jws="x",
        fired_at=clock.now(),
    )


def assert_forged(agreement, *forged):
    """What was forged is refused, and where it was forced in it is named."""
    assert breaches() == []
    assert_refused(partial(forge, agreement, *forged), because="is what was signed and what it read")
    with unguarded("contracts_firedadjustment"):
        forge(agreement, *forged)
    assert breaches() == [FiredAdjustment.objects.latest("pk").public_id]


def test_quality_is_that_of_the_version_on_its_day(market):
    state_interval(market)
    agreement = monthly(market, QUALITY)
    on = clock.business_date(agreement.concluded_at).isoformat()
    assert_forged(
        agreement, "quality", 1, {"value": 0, "on": on, "listing_version": agreement.listing_version}, 9_000
    )


def test_quality_is_read_as_the_market_computes_it(market):
    """PostgreSQL computes the same currentness, whatever the age of the data."""
    state_interval(market, 100)
    agreement = monthly(market, QUALITY)
    clock.move_to(agreement.concluded_at + timedelta(days=300), running=False)
    for charge in range(1, 11):
        adjust_begun_charge(agreement=agreement.public_id, charge=charge)
    read = [row.inputs["value"] for row in FiredAdjustment.objects.order_by("charge")]
    assert (read, read[0] < 8_000, read[-1]) == (sorted(read, reverse=True), True, 0)
    assert len(set(read)) > 2
    assert breaches() == []


def test_an_index_is_read_as_of_the_day_of_its_charge(market):
    agreement = monthly(market, INDEX)
    value = enter(market)
    clock.move_to(agreement.concluded_at + timedelta(days=70), running=False)
    enter(market, 108_000, second="third")
    inputs = {"value": 104_000, "on": value.as_of.isoformat(), "index_value": value.public_id}
    assert_forged(agreement, "index", 3, inputs, 10_400)
