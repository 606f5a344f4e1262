"""What comes back of a price that was paid in advance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ending.pro_rata import ProRata, pro_rata
from marketplace.kernel.money import share_of


def test_a_year_that_ends_after_its_first_half():
    divided = pro_rata(price_minor=1_200_000, tax_rate_bp=1_000, days=365, unused_days=182)
    assert divided == ProRata(598_356, 59_835, 601_644, 60_165)
    assert divided.refund_minor + divided.refund_tax_minor == 658_191


def test_what_was_returned_before_is_not_divided_again():
    divided = pro_rata(
        price_minor=1_200_000, tax_rate_bp=1_000, days=365, unused_days=182, returned_minor=200_000
    )
    assert divided == ProRata(498_630, 49_863, 501_370, 50_137)


@given(
    price=st.integers(1, 10**12),
    returned=st.integers(0, 10**12),
    rate=st.integers(0, 3_000),
    days=st.integers(1, 4_000),
    unused=st.integers(0, 4_000),
)
def test_both_parts_sum_to_the_whole(price, returned, rate, days, unused):
    returned, unused = min(returned, price), min(unused, days)
    divided = pro_rata(
        price_minor=price, tax_rate_bp=rate, days=days, unused_days=unused, returned_minor=returned
    )
    assert (
        min(divided.refund_minor, divided.refund_tax_minor, divided.kept_minor, divided.kept_tax_minor) >= 0
    )
    assert divided.refund_minor + divided.kept_minor == price - returned
    taxes = share_of(returned, rate) + divided.refund_tax_minor + divided.kept_tax_minor
    assert taxes == share_of(price, rate)
    assert divided.refund_minor == (price - returned) * unused // days


@pytest.mark.parametrize(
    "wrong", [{"unused_days": 366}, {"unused_days": -1}, {"days": 0}, {"returned_minor": 101}]
)
def test_days_that_are_no_part_of_the_period_are_refused(wrong):
    with pytest.raises(ValueError, match="returned"):
        pro_rata(**{"price_minor": 100, "tax_rate_bp": 1_000, "days": 365, "unused_days": 0, **wrong})
