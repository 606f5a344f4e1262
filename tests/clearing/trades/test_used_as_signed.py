"""What was signed of tiers, free uses and a trial is what use is charged."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from clearing import handlers
from clearing.models import UsageRecord
from marketplace.events.schemas.delivery import UsageRecorded
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from tests.clearing.trades.test_charged_as_signed import concluded, market
from tests.notices.factories import handle
from tests.roles import assert_refused, unguarded

pytestmark = pytest.mark.django_db
__all__ = ["market"]
TIERED = {"free_uses": 2, "tiers": [{"from_use": 5, "unit_price_minor": 60}]}


def metered(market, **metering):
    charging = {"kind": "metered", "charges": 12, "unit_price_minor": 100, "metering": metering}
    return concluded(market, price_minor=500, charging=charging)


def use(agreement, quantity, *, day=0, number=0):
    """Uses on a day after the conclusion."""
    clock.move_to(agreement.concluded_at + timedelta(days=day, seconds=1), running=False)
    event = UsageRecorded(
        agreement=agreement.public_id,
        usage=f"dnl_{number or UsageRecord.objects.count() + 1}",
        quantity=quantity,
        amount_minor=quantity * 100,
        currency="JPY",
        used_at=clock.now().isoformat(),
    )
    handle(handlers.on_usage_recorded, event)


def charged():
    return list(
        UsageRecord.objects.order_by("pk").values_list("trial_quantity", "amount_minor", "charged_minor")
    )


def breaches():
    return [row["usage"] for row in REGISTER["clearing.used_as_signed"].check()]


def test_free_uses_and_tiers_count_through_a_period_up_to_its_ceiling(market):
    agreement = metered(market, **TIERED)
    for quantity in (1, 2, 2, 4):
        use(agreement, quantity)
    # Uses 1 and 2 are free, 3 and 4 cost 100, from 5 on 60 each.
    assert charged() == [(0, 0, 0), (0, 100, 100), (0, 160, 160), (0, 240, 240)]
    use(agreement, 1)
    assert UsageRecord.objects.latest("pk").refusal == "beyond_ceiling"
    use(agreement, 3, day=40)
    # The uses of the next period are numbered anew.
    assert charged()[-1] == (0, 100, 100)
    assert breaches() == []


def test_uses_of_a_trial_cost_nothing_and_are_not_counted(market):
    agreement = metered(market, trial_uses=3, **TIERED)
    for quantity in (2, 2, 2):
        use(agreement, quantity)
    assert charged() == [(2, 0, 0), (1, 0, 0), (0, 100, 100)]
    assert breaches() == []


def test_days_of_a_trial_begin_with_the_conclusion(market):
    agreement = metered(market, trial_days=7)
    use(agreement, 3, day=6)
    use(agreement, 3, day=7)
    assert charged() == [(3, 0, 0), (0, 300, 300)]
    assert breaches() == []


def test_a_use_that_is_told_again_is_recorded_once(market):
    agreement = metered(market, **TIERED)
    use(agreement, 4, number=7)
    use(agreement, 4, number=7)
    assert charged() == [(0, 200, 200)]


FORGED = (
    "INSERT INTO clearing_usagerecord (usage, agreement, planned_id, quantity, trial_quantity, amount_minor, charged_minor, currency,"
    " used_at, recorded_at) SELECT 'dnl_x', agreement, planned_id, 1, {trial}, {minor}, {minor}, currency, used_at, business_now()"
    " FROM clearing_usagerecord WHERE usage = 'dnl_1'"
)


@pytest.mark.parametrize(("trial", "minor"), [(0, 100), (1, 0)])
def test_no_use_is_priced_otherwise_than_signed(market, trial, minor):
    agreement = metered(market, **TIERED)
    use(agreement, 4)

    def forge():
        with connection.cursor() as cursor:
            cursor.execute(FORGED.format(trial=trial, minor=minor))

    assert_refused(forge, because="priced as the signed plan says")


def test_use_that_is_priced_otherwise_is_named(market):
    agreement = metered(market, **TIERED)
    use(agreement, 4)
    use(agreement, 1)
    assert breaches() == []
    with unguarded("clearing_usagerecord"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clearing_usagerecord SET amount_minor = 201, charged_minor = 201 WHERE usage = 'dnl_1'"
        )
    assert breaches() == ["dnl_1"]
