"""Value dates have one home: no other module of clearing counts business days but for the deadlines of trades."""

from __future__ import annotations

from tests.tidy.test_shape import PROJECT, sources

COUNTS_BUSINESS_DAYS = {
    "clearing/cycles/value_dates.py": "value dates",
    "clearing/reports/late_payments.py": "the alarm before the last day of the payment of data made to order",
    "clearing/trades/queries.py": "the lead of data made to order before its day by law",
}


def test_business_days_are_counted_in_named_modules_alone():
    found = [
        str(path.relative_to(PROJECT))
        for path in sources("clearing")
        if "add_business_days" in path.read_text(encoding="utf-8")
    ]
    assert sorted(found) == sorted(COUNTS_BUSINESS_DAYS)
