"""How data reads on paper."""

from __future__ import annotations

from typing import Any

import pytest

from marketplace.documents.presentation import Language, format_data


@pytest.mark.parametrize(
    ("data", "japanese", "english"),
    [
        ({"amount_minor": 1234567}, "¥1,234,567", "¥1,234,567"),
        ({"amount_minor": -3500}, "-¥3,500", "-¥3,500"),
        ({"tax_rate_bp": 1000}, "10%", "10%"),
        ({"tax_rate_bp": 825}, "8.25%", "8.25%"),
        ({"issued_on": "2026-01-05"}, "2026年1月5日", "5 January 2026"),
        (
            {"signed_at": "2025-12-31T15:00:01.999Z"},
            "2026年1月1日 00:00:01 JST",
            "1 January 2026 00:00:01 JST",
        ),
        ({"name": {"ja": "株式会社", "en": "Inc."}}, "株式会社", "Inc."),
        ({"name": {"ja": "株式会社", "en": ""}}, "株式会社", "株式会社"),
        ({"purchase_order": None}, None, None),
        ({"reduced_rate": True}, True, True),
        ({"reference": "trd_01"}, "trd_01", "trd_01"),
    ],
)
def test_presented_reads_by_the_unit_of_the_key(
    data: dict[str, Any], japanese: object, english: object
) -> None:
    (key,) = data
    assert format_data(data, language="ja") == {key: japanese}
    assert format_data(data, language="en") == {key: english}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_presented_takes_the_nearest_currency(language: Language) -> None:
    data = {
        "currency": "USD",
        "total_minor": 123456,
        "lines": [{"amount_minor": 5}, {"currency": "JPY", "amount_minor": 5}],
    }
    shown = format_data(data, language=language)
    assert shown["total_minor"] == "$1,234.56"
    assert shown["lines"] == [{"amount_minor": "$0.05"}, {"currency": "JPY", "amount_minor": "¥5"}]


def test_presented_leaves_its_input_alone() -> None:
    data = {"lines": [{"amount_minor": 5}]}
    format_data(data, language="ja")
    assert data == {"lines": [{"amount_minor": 5}]}
