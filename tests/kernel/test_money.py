"""Money is exact, of one currency, and divided without losing a yen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kernel.money import CurrencyMismatch, Money, allocate, exponent, share_of


def test_amounts_of_one_currency_add_and_subtract():
    assert Money(1200, "JPY") + Money(34, "JPY") - Money(4, "JPY") == Money(1230, "JPY")
    assert -Money(5, "JPY") == Money(-5, "JPY")


def test_two_currencies_are_not_put_together():
    with pytest.raises(CurrencyMismatch) as refusal:
        Money(1, "JPY") + Money(1, "USD")
    assert refusal.value.fields == {"left": "JPY", "right": "USD"}


@pytest.mark.parametrize(
    ("minor", "currency", "error"),
    [(1.5, "JPY", TypeError), (True, "JPY", TypeError), (1, "yen", ValueError)],
)
def test_what_is_no_amount_is_refused(minor, currency, error):
    with pytest.raises(error):
        Money(minor, currency)


def test_yen_has_no_minor_unit():
    assert (exponent("JPY"), exponent("USD")) == (0, 2)
    assert Money(1234, "JPY").format("ja") == "¥1,234"
    assert Money(1234, "USD").format("en") == "$12.34"


def test_a_share_is_cut_off_toward_zero():
    assert share_of(315, 1000) == 31
    assert share_of(-315, 1000) == -31
    assert share_of(999_999_999_999, 1) == 99_999_999


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**9), min_size=1, max_size=50).filter(any))
def test_allocation_is_exact_and_within_one_of_the_quota(total, weights):
    parts = allocate(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


def test_allocation_gives_ties_to_the_earlier():
    assert allocate(10, [1, 1, 1]) == [4, 3, 3]
    assert allocate(-10, [1, 1, 1]) == [-4, -3, -3]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_allocation_needs_weights(weights):
    with pytest.raises(ValueError, match="weights"):
        allocate(10, weights)
