"""Fees: rate, minimum, ceiling, and never more than the price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.rules.tariffs import Tariff, fee_minor

STANDARD = Tariff("STANDARD-5", rate_bp=500, minimum_minor=100, cap_minor=500_000, borne_by="seller")


@pytest.mark.parametrize(
    ("price_minor", "fee"),
    [
        (0, 0),
        (50, 50),
        (100, 100),
        (1_999, 100),
        (2_000, 100),
        (2_019, 100),
        (2_020, 101),
        (48_000, 2_400),
        (10_000_000, 500_000),
        (10**12, 500_000),
    ],
)
def test_a_fee_is_worked_out(price_minor, fee):
    assert fee_minor(STANDARD, price_minor) == fee


def test_without_a_ceiling_the_rate_goes_on():
    assert fee_minor(Tariff("OPEN", 500, 100, None, "buyer"), 10**12) == 5 * 10**10


def test_a_price_is_not_negative():
    with pytest.raises(ValueError, match="not negative"):
        fee_minor(STANDARD, -1)


@given(low=st.integers(0, 10**12), more=st.integers(0, 10**12))
def test_a_higher_price_never_has_a_lower_fee(low, more):
    assert fee_minor(STANDARD, low) <= fee_minor(STANDARD, low + more)
    assert 0 <= fee_minor(STANDARD, low) <= min(low, 500_000)
