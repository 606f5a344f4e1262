"""What metered use costs: tiers, free uses, a trial, and the ceiling of a period."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from listings.charging_terms import parse_charging, require_chargeable
from listings.metering import (
    USES_MAX,
    Metering,
    Tier,
    parse_metering,
    price_of_uses,
    uses_in_trial,
)
from listings.rights import parse_rights
from marketplace.kernel.errors import FieldInvalid

from . import factories

TIERED = Metering(tiers=(Tier(101, 80), Tier(1_001, 50)), free_uses=10)
METERED = {"kind": "metered", "charges": 12, "unit_price_minor": 100}


@pytest.mark.parametrize(
    ("uses", "minor"),
    [
        (0, 0),
        (1, 0),
        (10, 0),
        (11, 100),
        (100, 9_000),
        (101, 9_080),
        (102, 9_160),
        (1_000, 81_000),
        (1_001, 81_050),
        (1_002, 81_100),
    ],
)
def test_each_use_costs_the_price_of_its_tier_after_the_free_ones(uses, minor):
    assert price_of_uses(uses, unit_price_minor=100, metering=TIERED) == minor


def test_a_trial_is_the_first_days_or_the_first_uses():
    concluded_on = date(2027, 1, 31)
    days, uses = Metering(trial_days=14), Metering(trial_uses=5)
    inside, after = date(2027, 2, 13), date(2027, 2, 14)
    found = [
        uses_in_trial(3, before=4, used_on=day, concluded_on=concluded_on, metering=metering)
        for metering in (days, uses, Metering())
        for day in (inside, after)
    ]
    assert found == [3, 0, 1, 1, 0, 0]


tiers = st.lists(
    st.tuples(st.integers(2, 2_000), st.integers(0, 10**6)), max_size=5, unique_by=lambda tier: tier[0]
).map(lambda stated: tuple(Tier(*tier) for tier in sorted(stated)))


@given(tiers=tiers, free=st.integers(0, 300), unit=st.integers(1, 10**6), uses=st.integers(0, 3_000))
def test_the_price_is_the_sum_of_what_each_use_costs_and_never_falls(tiers, free, unit, uses):
    metering = Metering(tiers=tiers, free_uses=free)

    def one(number: int) -> int:
        if number <= free:
            return 0
        return next((tier.unit_price_minor for tier in reversed(tiers) if tier.from_use <= number), unit)

    minor = price_of_uses(uses, unit_price_minor=unit, metering=metering)
    assert minor == sum(one(number) for number in range(1, uses + 1))
    assert price_of_uses(uses + 1, unit_price_minor=unit, metering=metering) - minor == one(uses + 1)


@pytest.mark.django_db
@given(tiers=tiers, free=st.integers(0, 300), uses=st.integers(0, 3_000))
def test_postgresql_prices_as_python_does(tiers, free, uses):
    metering = Metering(tiers=tiers, free_uses=free)
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.price_of_uses(100, %s, %s)", [json.dumps(metering.as_dict()), uses])
        assert cursor.fetchone() == (price_of_uses(uses, unit_price_minor=100, metering=metering),)


WRONG = [
    ("ten", "metering"),
    ({}, "metering"),
    ({"free_uses": 0}, "metering"),
    ({"steps": []}, "metering.steps"),
    ({"free_uses": -1}, "metering.free_uses"),
    ({"free_uses": True}, "metering.free_uses"),
    ({"trial_days": 367}, "metering.trial_days"),
    ({"trial_days": 1, "trial_uses": 1}, "metering.trial_uses"),
    ({"tiers": "all"}, "metering.tiers"),
    ({"tiers": [{"from_use": 2}]}, "metering.tiers"),
    ({"tiers": [{"from_use": 1, "unit_price_minor": 5}]}, "metering.tiers"),
    ({"tiers": [{"from_use": 9, "unit_price_minor": 5}], "free_uses": 9}, "metering.tiers"),
    (
        {"tiers": [{"from_use": 9, "unit_price_minor": 5}, {"from_use": 9, "unit_price_minor": 4}]},
        "metering.tiers",
    ),
    ({"tiers": [{"from_use": USES_MAX + 1, "unit_price_minor": 5}]}, "metering.tiers"),
    ({"tiers": [{"from_use": number, "unit_price_minor": 5} for number in range(2, 23)]}, "metering.tiers"),
]


@pytest.mark.parametrize(("stated", "name"), WRONG)
def test_terms_that_cannot_be_metered_are_named(stated, name):
    with pytest.raises(FieldInvalid) as refused:
        parse_metering(stated, prefix="metering")
    assert refused.value.name == name


@pytest.mark.django_db
def test_postgresql_knows_the_same_terms():
    good = parse_charging({**METERED, "metering": TIERED.as_dict()}).as_dict()
    whole = Metering().as_dict()
    wrong = [
        {**whole, **stated}
        for stated, _ in WRONG
        if isinstance(stated, dict) and stated != {"free_uses": True}
    ]
    wrong.append({**whole, "tiers": [{"from_use": 9, "unit_price_minor": 5, "per": "day"}]})
    wrong.append({**whole, "tiers": ["all"]})
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.is_charging(%s)", [json.dumps(good)])
        assert cursor.fetchone() == (True,)
        for stated in wrong:
            cursor.execute("SELECT public.is_charging(%s)", [json.dumps({**good, "metering": stated})])
            assert cursor.fetchone() == (False,), stated
        monthly = {**good, "kind": "subscription", "unit_price_minor": None}
        cursor.execute("SELECT public.is_charging(%s)", [json.dumps(monthly)])
        assert cursor.fetchone() == (False,)


@pytest.mark.parametrize(
    ("metering", "name"),
    [
        ({"tiers": [{"from_use": 2, "unit_price_minor": 5_001}]}, "charging.metering.tiers"),
        ({"trial_days": 31}, "charging.metering.trial_days"),
    ],
)
def test_a_use_above_the_ceiling_and_a_trial_of_everything_are_refused(metering, name):
    charging = parse_charging({**METERED, "charges": 1, "metering": metering})
    rights = parse_rights({**factories.RIGHTS, "duration": "P1Y"})
    now, zone = datetime(2027, 1, 10, tzinfo=UTC), ZoneInfo("Asia/Tokyo")
    with pytest.raises(FieldInvalid) as refused:
        require_chargeable(charging, 5_000, rights, now=now, zone=zone, prefix="charging")
    assert refused.value.name == name
    fewer = parse_charging({**METERED, "charges": 1, "metering": {"trial_days": 30}})
    require_chargeable(fewer, 5_000, rights, now=now, zone=zone, prefix="charging")


def test_only_metered_use_has_tiers():
    with pytest.raises(FieldInvalid) as refused:
        parse_charging({"kind": "subscription", "metering": {"free_uses": 1}})
    assert refused.value.name == "charging.metering"
    assert "metering" not in parse_charging(METERED).as_dict()
