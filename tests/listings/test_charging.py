"""Plans of charges as arithmetic: exact parts, periods without a gap, shares that sum to the whole."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listings.charging import fault_of, months_later, plan_of, shares_of


def test_a_hundred_yen_in_three_instalments():
    parts = plan_of(
        charging="instalment", price_minor=100, charges=3, period_months=1, first_from=date(2027, 1, 31)
    )
    assert [part.price_minor for part in parts] == [34, 33, 33]
    assert [part.due_on for part in parts] == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31)]
    assert {part.period_from for part in parts} == {None}


def test_a_year_of_months_follows_without_a_gap():
    parts = plan_of(
        charging="subscription", price_minor=500, charges=12, period_months=1, first_from=date(2027, 8, 31)
    )
    assert [part.charge for part in parts] == list(range(1, 13))
    assert {part.price_minor for part in parts} == {500}
    assert all(part.period_until == later.period_from for part, later in pairwise(parts))
    assert (parts[5].due_on, parts[6].due_on) == (date(2028, 1, 31), date(2028, 2, 29))
    assert parts[-1].period_until == date(2028, 8, 31)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"charging": "weekly"}, "not a known kind"),
        ({"charges": 0}, "not between"),
        ({"charges": 1_001}, "not between"),
        ({"charging": "one_off"}, "has exactly one charge"),
        ({"period_months": 0}, "period of 0 months"),
        ({"price_minor": -1}, "negative"),
        ({"price_minor": 10**12 + 1}, "above"),
        ({"charges": 1_000, "period_months": 2}, "more than 1200 months"),
        ({"commissioned": True}, "paid for at once"),
    ],
)
def test_terms_that_cannot_be_carried_out_are_named(change, words):
    terms = {
        "charging": "subscription",
        "charges": 2,
        "period_months": 1,
        "price_minor": 5,
        "commissioned": False,
    }
    assert fault_of(**terms) == ""
    assert words in fault_of(**(terms | change))


def test_seven_beneficiaries_and_their_seller_share_a_hundred():
    assert shares_of(100, [1_000] * 7) == [10] * 7
    assert shares_of(101, [1_428] * 7) == [15, 15, 15, 14, 14, 14, 14]
    assert shares_of(3, [1_000] * 7) == [1, 1, 0, 0, 0, 0, 0]
    with pytest.raises(ValueError, match="exceed the whole"):
        shares_of(100, [5_001, 5_000])


@given(
    st.integers(0, 10**12),
    st.integers(1, 60),
    st.sampled_from(["instalment", "subscription", "metered"]),
    st.dates(date(2020, 1, 1), date(2060, 1, 1)),
    st.integers(1, 12),
)
def test_every_plan_is_whole(price, charges, charging, first, months):
    parts = plan_of(
        charging=charging, price_minor=price, charges=charges, period_months=months, first_from=first
    )
    assert [part.charge for part in parts] == list(range(1, charges + 1))
    assert [part.due_on for part in parts] == [months_later(first, months * at) for at in range(charges)]
    if charging == "instalment":
        prices = [part.price_minor for part in parts]
        assert sum(prices) == price
        assert prices == sorted(prices, reverse=True)
        assert prices[0] - prices[-1] <= 1
    else:
        assert {part.price_minor for part in parts} == {price}


@given(st.integers(0, 10**12), st.lists(st.integers(1, 500), max_size=20))
def test_shares_and_rest_are_the_price(price, shares):
    parts = shares_of(price, shares)
    exact = [price * share / 10_000 for share in shares]
    assert 0 <= sum(parts) <= price
    assert all(abs(part - value) < 1 for part, value in zip(parts, exact, strict=True))
