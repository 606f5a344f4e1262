"""The rate of a category on a date."""

from datetime import date

import pytest

from marketplace.rules.tax_rates import rate_on

from .factories import fixture_document

RATES = fixture_document()["tax_rates"]


@pytest.mark.parametrize(
    ("category", "on", "rate_bp"),
    [
        ("standard", date(2014, 3, 31), None),
        ("standard", date(2014, 4, 1), 800),
        ("standard", date(2019, 9, 30), 800),
        ("standard", date(2019, 10, 1), 1000),
        ("standard", date(2026, 11, 21), 1000),
        ("reduced", date(2019, 9, 30), None),
        ("reduced", date(2019, 10, 1), 800),
        ("exempt", date(2026, 11, 21), 0),
        ("luxury", date(2026, 11, 21), None),
    ],
)
def test_a_rate_holds_from_its_date(category, on, rate_bp):
    assert rate_on(RATES, category, on) == rate_bp
