"""Terms of charging, as an offer states them."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from listings import services
from listings.charging_terms import (
    ChargingTerms,
    parse_charging,
    require_chargeable,
    require_paid_within_periods,
)
from listings.metering import PLAIN, Metering, Tier
from listings.models import Offer
from listings.rights import parse_rights
from marketplace.kernel import clock
from marketplace.kernel.amounts import AMOUNT_MINOR_MAX
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.invariants import REGISTER
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

from . import factories

TOKYO = ZoneInfo("Asia/Tokyo")
MONTHLY = {"kind": "subscription", "charges": 12, "period_months": 1}
UNSTATED = {"first_period_from": None, "unit_price_minor": None}


def test_without_any_a_price_is_paid_once():
    assert parse_charging(None) == parse_charging({"kind": "one_off"}) == ChargingTerms()
    assert parse_charging(MONTHLY).as_dict() == {**MONTHLY, **UNSTATED}
    assert parse_charging(MONTHLY).total_minor(500) == 6_000
    assert parse_charging({**MONTHLY, "kind": "instalment"}).total_minor(500) == 500


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ("monthly", "charging"),
        ({"rhythm": 1}, "charging.rhythm"),
        ({"kind": "metered"}, "charging.unit_price_minor"),
        ({"kind": "metered", "unit_price_minor": 0}, "charging.unit_price_minor"),
        ({**MONTHLY, "unit_price_minor": 5}, "charging.unit_price_minor"),
        (
            {"kind": "metered", "unit_price_minor": 5, "first_period_from": "2027-01-01"},
            "charging.first_period_from",
        ),
        ({"kind": None}, "charging.kind"),
        ({"kind": "one_off", "charges": 2}, "charging.kind"),
        ({"kind": "one_off", "first_period_from": "2027-01-01"}, "charging.kind"),
        ({**MONTHLY, "charges": 0}, "charging.charges"),
        ({**MONTHLY, "charges": True}, "charging.charges"),
        ({**MONTHLY, "charges": 1_001}, "charging.charges"),
        ({**MONTHLY, "charges": 1_000, "period_months": 2}, "charging.charges"),
        ({**MONTHLY, "period_months": 121}, "charging.period_months"),
        ({**MONTHLY, "first_period_from": "1 April"}, "charging.first_period_from"),
        ({**MONTHLY, "first_period_from": "2027-02-29"}, "charging.first_period_from"),
        ({**MONTHLY, "first_period_from": "20270401"}, "charging.first_period_from"),
        ({**MONTHLY, "first_period_from": "9999-01-01"}, "charging.first_period_from"),
        ({**MONTHLY, "first_period_from": 7}, "charging.first_period_from"),
    ],
)
def test_terms_of_charging_that_nobody_can_read_are_named(stated, name):
    with pytest.raises(FieldInvalid) as refused:
        parse_charging(stated)
    assert refused.value.name == name


def offered(seller, **charging):
    """A version in preparation, of an offer of a year with terms of charging."""
    rights = {**factories.RIGHTS, "duration": "P1Y"}
    return factories.draft(seller, offer=factories.offer(rights=rights, charging=charging or None))


@pytest.mark.django_db
def test_an_offer_states_its_charging_and_is_refused_where_the_rights_end_too_early(seller):
    for charging, name in (({**MONTHLY, "charges": 13}, "charges"), ({**MONTHLY, "kind": "x"}, "kind")):
        with pytest.raises(FieldInvalid) as refused:
            offered(seller, **charging)
        assert refused.value.name == f"offer.charging.{name}"
    assert not Offer.objects.exists()
    assert offered(seller).offer.charging == ChargingTerms().as_dict()
    version = offered(seller, **MONTHLY)
    assert version.offer.charging == {**MONTHLY, **UNSTATED}
    assert version.offer.policy["permission"][0]["duty"]
    clock.move_to(clock.now() + timedelta(days=1))
    assert (
        services.submit_version(actor=participants.actor_for(seller), listing_version=version.public_id).state
        == "submitted"
    )


@pytest.mark.django_db
def test_a_use_costs_no_more_than_its_period(seller):
    metered = {"kind": "metered", "charges": 12}
    with pytest.raises(FieldInvalid) as refused:
        offered(seller, **metered, unit_price_minor=48_001)
    assert refused.value.name == "offer.charging.unit_price_minor"
    assert offered(seller, **metered, unit_price_minor=48_000).offer.charging["unit_price_minor"] == 48_000


@pytest.mark.django_db
def test_a_first_period_that_has_begun_is_not_submitted(seller):
    version = offered(seller, **MONTHLY | {"charges": 6}, first_period_from=clock.today().isoformat())
    clock.move_to(clock.now() + timedelta(days=1))
    with pytest.raises(FieldInvalid) as refused:
        services.submit_version(actor=participants.actor_for(seller), listing_version=version.public_id)
    assert refused.value.name == "offer.charging.first_period_from"
    version.refresh_from_db()
    assert version.state == "draft"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "charging",
    [
        {"kind": "weekly"},
        {"charges": 0},
        {"charges": 1_001},
        {"period_months": 121},
        {"kind": "one_off"},
        {"kind": "one_off", "charges": 1, "period_months": 2},
        {"kind": "one_off", "charges": 1, "first_period_from": "2027-01-01"},
        {"first_period_from": "soon"},
        {"more": 1},
        {"kind": "metered"},
        {"unit_price_minor": 5},
    ],
)
def test_the_database_takes_no_other_terms_of_charging(seller, charging):
    offered(seller, **MONTHLY)
    stated = json.dumps({**MONTHLY, **UNSTATED, **charging})

    def attack():
        with connection.cursor() as cursor:
            cursor.execute("UPDATE listings_offer SET charging = %s", [stated])

    with unguarded("listings_offer"):
        assert_refused(attack, because="offer_charging")


@pytest.mark.django_db
def test_an_offer_whose_rights_end_before_its_last_charge_is_named(seller):
    version = factories.published(
        seller, offer=factories.offer(rights={**factories.RIGHTS, "duration": "P1Y"})
    )
    check = REGISTER["listings.rights_usable"].check
    assert check() == []
    with unguarded("listings_offer"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE listings_offer SET charging = %s",
            [json.dumps({**MONTHLY, **UNSTATED, "charges": 13})],
        )
    assert [row["offer"] for row in check()] == [version.offer.public_id]


@pytest.mark.django_db
@given(
    kind=st.sampled_from(["one_off", "instalment", "subscription", "metered"]),
    charges=st.integers(1, 30),
    months=st.integers(1, 14),
    first=st.none() | st.dates(date(2026, 1, 1), date(2028, 1, 1)).map(date.isoformat),
    valid_until=st.none() | st.dates(date(2026, 1, 1), date(2032, 1, 1)).map(date.isoformat),
    duration=st.none() | st.sampled_from(["P1M", "P1Y", "P400D", "P3Y"]),
    at=st.integers(0, 17_520).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)),
    price=st.integers(1, 40) | st.just(AMOUNT_MINOR_MAX),
    funding_days=st.integers(0, 30),
    trial_days=st.just(0) | st.integers(1, 366),
    tier_price=st.just(0) | st.integers(1, 45),
)
def test_the_database_refuses_what_the_market_refuses(
    kind, charges, months, first, valid_until, duration, at, price, funding_days, trial_days, tier_price
):
    charging = ChargingTerms() if kind == "one_off" else ChargingTerms(kind, charges, months, first)
    if kind == "metered":
        tiers = (Tier(20, tier_price),) if tier_price else ()
        metering = Metering(tiers=tiers, trial_days=trial_days)
        charging = ChargingTerms(kind, charges, months, None, 10, None if metering == PLAIN else metering)
    rights = parse_rights({"contract_type": "licence", "valid_until": valid_until, "duration": duration})
    passes = [True, True]
    try:
        require_chargeable(charging, price, rights, now=at, zone=TOKYO, prefix="charging")
    except FieldInvalid:
        passes[0] = False
    try:
        require_paid_within_periods(charging, funding_days, now=at, zone=TOKYO, prefix="offer")
    except FieldInvalid:
        passes[1] = False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.is_charging(c), public.is_charged_in_time(c, %s, %s) AND public.is_priced(c, %s),"
            " public.is_paid_within_periods(c, %s, %s), public.total_of_terms(%s) FROM (SELECT %s::jsonb AS c) given",
            [
                json.dumps(rights.as_dict()),
                at,
                price,
                at,
                funding_days,
                json.dumps({"price_minor": 1_000, "charging": charging.as_dict()}),
                json.dumps(charging.as_dict()),
            ],
        )
        is_charging, is_charged, is_paid, total_minor = cursor.fetchone()
    assert (is_charging, is_charged, total_minor) == (True, passes[0], charging.total_minor(1_000))
    # PostgreSQL knows no public holidays, so it counts bank days to an earlier one: it refuses nothing that the market takes.
    assert is_paid or not passes[1]


@pytest.mark.parametrize(
    ("charging", "funding_days", "is_in_time"),
    [
        (ChargingTerms("subscription", 3, 1), 15, True),
        (ChargingTerms("subscription", 3, 1), 30, False),
        (ChargingTerms("metered", 3, 1, None, 10), 30, False),
        (ChargingTerms("subscription", 3, 2), 30, True),
        (ChargingTerms("instalment", 3, 1), 30, True),
        (ChargingTerms(), 30, True),
    ],
)
def test_no_period_is_enjoyed_unpaid(charging, funding_days, is_in_time):
    at = datetime(2027, 1, 4, 1, tzinfo=UTC)
    refusal = nullcontext() if is_in_time else pytest.raises(FieldInvalid)
    with refusal as refused:
        require_paid_within_periods(charging, funding_days, now=at, zone=TOKYO, prefix="terms")
    assert is_in_time or refused.value.name == "terms.funding_days"


@pytest.mark.django_db
def test_an_offer_whose_periods_end_unpaid_is_refused_and_named(seller):
    rights = {**factories.RIGHTS, "duration": "P1Y"}
    with pytest.raises(FieldInvalid) as refused:
        factories.draft(seller, offer=factories.offer(rights=rights, charging=MONTHLY, funding_days=30))
    assert refused.value.name == "offer.funding_days"
    version = factories.published(seller, offer=factories.offer(rights=rights, charging=MONTHLY))
    check = REGISTER["listings.rights_usable"].check
    assert check() == []
    with unguarded("listings_offer"), connection.cursor() as cursor:
        cursor.execute("UPDATE listings_offer SET funding_days = 30")
    assert [row["offer"] for row in check()] == [version.offer.public_id]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("charging", "price_minor"),
    [
        ({"kind": "instalment"}, 11),
        ({}, AMOUNT_MINOR_MAX // 12 + 1),
        ({"kind": "metered", "unit_price_minor": 101}, 100),
    ],
)
def test_the_database_takes_no_price_that_cannot_be_charged_so(seller, charging, price_minor):
    offered(seller, **MONTHLY)
    stated = json.dumps({**MONTHLY, **UNSTATED, **charging})

    def attack():
        with connection.cursor() as cursor:
            cursor.execute("UPDATE listings_offer SET charging = %s, price_minor = %s", [stated, price_minor])

    with unguarded("listings_offer"):
        assert_refused(attack, because="offer_priced")
