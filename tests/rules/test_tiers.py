"""Bands of volume: published with their places checked, exact, neutral, never more back than was charged."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.rules import queries
from marketplace.rules.document import check_document
from marketplace.rules.tariffs import (
    ChargedTrade,
    Tariff,
    Tier,
    fee_minor,
    tier_rebate_minor,
    tier_rebates,
    tiered_fee_minor,
)

from .factories import VOCABULARY, compiled, document, publish, tariff

TIERS = (Tier(0, 500), Tier(10_000_000, 300), Tier(50_000_000, 100))
STATED = [{"from_minor": tier.from_minor, "rate_bp": tier.rate_bp} for tier in TIERS]
PLAIN = Tariff("OPEN-5", 500, 0, None, "seller", tiers=TIERS)
STANDARD = Tariff("STANDARD-5", 500, 100, 500_000, "seller", tiers=TIERS)


@pytest.mark.parametrize(
    ("volume_minor", "fee"),
    [
        (0, 0),
        (19, 0),
        (20, 1),
        (10_000_000, 500_000),
        (10_000_033, 500_000),
        (10_000_034, 500_001),
        (50_000_000, 1_700_000),
        (60_000_000, 1_800_000),
    ],
)
def test_each_rate_applies_to_what_lies_in_its_band(volume_minor, fee):
    assert tiered_fee_minor(TIERS, volume_minor) == fee


def test_a_volume_is_not_negative_and_tiers_are_at_least_one():
    with pytest.raises(ValueError, match="not negative"):
        tiered_fee_minor(TIERS, -1)
    with pytest.raises(ValueError, match="at least one"):
        tiered_fee_minor((), 1)


def charged(tariff: Tariff, prices: list[int]) -> list[ChargedTrade]:
    return [ChargedTrade(price, fee_minor(tariff, price)) for price in prices]


@pytest.mark.parametrize(
    ("tariff", "prices", "back"),
    [
        (PLAIN, [8_000_000, 8_000_000], [60_000, 60_000]),
        (PLAIN, [10_000_000], [0]),
        (PLAIN, [12_000_000, 4_000_000], [90_000, 30_000]),
        # The minimum of small trades stays, whatever the volume.
        (STANDARD, [1_000] * 3, [0, 0, 0]),
        (STANDARD, [9_999_000, 1_000], [0, 0]),
        # A ceiling that made the fee less than the bands ask leaves nothing to give back.
        (STANDARD, [100_000_000], [0]),
        (STANDARD, [100_000_000, 8_000_000], [0, 0]),
        # A tie of remainders goes to the earlier trade.
        (PLAIN, [5_000_050, 5_000_050, 5_000_000], [33_334, 33_334, 33_333]),
        (PLAIN, [0, 20_000_000], [0, 200_000]),
        (PLAIN, [], []),
    ],
)
def test_the_difference_is_given_back_by_the_fees_charged(tariff, prices, back):
    assert tier_rebates(tariff.tiers, charged(tariff, prices)) == back


def test_where_there_are_no_further_bands_nothing_is_given_back():
    assert tier_rebate_minor((Tier(0, 500),), volume_minor=10**9, charged_minor=10**8) == 0
    assert tier_rebates((), charged(PLAIN, [10**9])) == [0]


@st.composite
def tariffs(draw, minimum_max: int = 1_000):
    """Tariffs with tiers as a rulebook may state them."""
    count = draw(st.integers(1, 5))
    starts = [0, *sorted(draw(st.sets(st.integers(1, 10**8), min_size=count - 1, max_size=count - 1)))]
    rates = sorted(draw(st.lists(st.integers(0, 10_000), min_size=count, max_size=count)), reverse=True)
    tiers = tuple(Tier(start, rate) for start, rate in zip(starts, rates, strict=True))
    minimum = draw(st.integers(0, minimum_max))
    cap = draw(st.none() | st.integers(minimum, 10**6)) if minimum_max else None
    return Tariff("T-1", rates[0], minimum, cap, "seller", tiers=tiers)


PRICES = st.lists(st.integers(0, 5 * 10**7), max_size=25)


@given(tariffs(), PRICES)
def test_parts_sum_to_the_rebate_and_stay_within_their_fees(tariff, prices):
    trades = charged(tariff, prices)
    back = tier_rebates(tariff.tiers, trades)
    volume, fees = sum(prices), sum(trade.fee_minor for trade in trades)
    assert sum(back) == tier_rebate_minor(tariff.tiers, volume_minor=volume, charged_minor=fees)
    assert all(0 <= part <= trade.fee_minor for part, trade in zip(back, trades, strict=True))
    assert [part for part, trade in zip(back, trades, strict=True) if part and not trade.fee_minor] == []
    # A part is its share of the whole, but for less than one unit.
    for part, trade in zip(back, trades, strict=True):
        assert abs(part - Fraction(sum(back) * trade.fee_minor, max(fees, 1))) < 1


@given(tariffs(minimum_max=0), PRICES)
def test_without_floor_and_ceiling_a_payer_is_left_with_the_tiered_fee_exactly(tariff, prices):
    trades = charged(tariff, prices)
    fees = sum(trade.fee_minor for trade in trades)
    left = fees - sum(tier_rebates(tariff.tiers, trades))
    # Fractions that were cut off trade by trade are the payer's.
    assert left == min(fees, tiered_fee_minor(tariff.tiers, sum(prices)))


@given(tariffs(), PRICES, st.randoms(use_true_random=False))
def test_the_rebate_does_not_depend_on_the_order_of_the_trades(tariff, prices, random):
    """The whole never does; of a part only the unit by which equal remainders are told apart, in the order given."""
    trades = charged(tariff, prices)
    order = list(range(len(trades)))
    random.shuffle(order)
    back = tier_rebates(tariff.tiers, trades)
    other = dict(zip(order, tier_rebates(tariff.tiers, [trades[at] for at in order]), strict=True))
    assert sum(other.values()) == sum(back)
    assert all(abs(other[at] - part) <= 1 for at, part in enumerate(back))


@given(tariffs(), st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_volume_is_never_a_lower_fee_and_never_a_higher_average(tariff, volume, more):
    low, high = tiered_fee_minor(tariff.tiers, volume), tiered_fee_minor(tariff.tiers, volume + more)
    assert 0 <= low <= high <= (volume + more) * tariff.rate_bp // 10_000
    # The average rate falls, but for the fraction of a unit that was cut off.
    assert high * max(volume, 1) <= (low + 1) * (volume + more) or volume == 0


@given(tariffs(minimum_max=0), PRICES, st.integers(0, 5 * 10**7))
def test_a_further_trade_never_makes_a_payer_owe_less(tariff, prices, further):
    def left(these: list[int]) -> int:
        trades = charged(tariff, these)
        return sum(trade.fee_minor for trade in trades) - sum(tier_rebates(tariff.tiers, trades))

    assert left(prices) <= left([*prices, further])


@pytest.mark.parametrize(
    ("tiers", "place"),
    [
        ([], "tariffs.0.tiers"),
        ([{"from_minor": 0}], "tariffs.0.tiers.0"),
        ([{"from_minor": 0, "rate_bp": 500, "who": "x"}], "tariffs.0.tiers.0"),
        (
            [{"from_minor": 0, "rate_bp": 500}, {"from_minor": 1.5, "rate_bp": 1}],
            "tariffs.0.tiers.1.from_minor",
        ),
        ([{"from_minor": 1, "rate_bp": 500}], "tariffs.0.tiers.0.from_minor"),
        ([{"from_minor": 0, "rate_bp": 400}], "tariffs.0.tiers.0.rate_bp"),
        ([STATED[0], {"from_minor": 0, "rate_bp": 300}], "tariffs.0.tiers.1.from_minor"),
        ([STATED[0], STATED[2], STATED[1]], "tariffs.0.tiers.2.from_minor"),
        ([STATED[0], {"from_minor": 1, "rate_bp": 501}], "tariffs.0.tiers.1.rate_bp"),
    ],
)
def test_tiers_that_do_not_fit_are_refused_with_their_place(tiers, place):
    faults, _ = check_document(document(tariffs=[tariff(point="fee", tiers=tiers)]), VOCABULARY)
    assert place in [fault["place"] for fault in faults]
    assert {fault["rule"] for fault in faults} == {"STANDARD-5"}


def test_a_tariff_carries_its_tiers():
    rules = compiled(document(tariffs=[tariff(point="fee", tiers=STATED)]))
    found = rules.tariff("fee", {"segment": "mobility", "price_minor": 1_000, "currency": "JPY"})
    assert found.tiers == TIERS
    # The first rate is charged.
    assert fee_minor(found, 1_000_000) == 50_000


@pytest.mark.django_db
def test_tiered_tariffs_of_every_version_are_found():
    assert queries.tiered_tariffs() == {}
    publish(document(tariffs=[tariff()]))
    assert queries.tiered_tariffs() == {}
    second = publish(
        document(tariffs=[tariff("OTHER-5", when="trade.price_minor < 5"), tariff(tiers=STATED)])
    )
    found = queries.tiered_tariffs()
    assert list(found) == [(second.public_id, "STANDARD-5")]
    assert found[(second.public_id, "STANDARD-5")] == Tariff(
        "STANDARD-5", 500, 100, 500_000, "seller", second.public_id, TIERS
    )
