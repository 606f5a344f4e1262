"""Formatting of document data: amounts, rates, dates and bilingual texts become text.

The ending of a key names the unit of its value, so templates of every kind show the same text:

- ``…_minor``: whole minor units of the nearest enclosing ``currency`` -> ``¥1,234``
- ``…_bp``: basis points -> ``10%``
- ``…_on``: ``YYYY-MM-DD`` -> ``2026年1月5日`` or ``5 January 2026``
- ``…_at``: ISO 8601 with an offset -> the same with the time of day in Japan
- ``{"ja": …, "en": …}``: the text in the document's language; where it is empty, the other one
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel.dates import format_date

from marketplace.kernel.money import Money

Language = Literal["ja", "en"]
LOCALES: dict[Language, str] = {"ja": "ja_JP", "en": "en_GB"}
JAPAN = ZoneInfo("Asia/Tokyo")


def format_data(value: Any, *, language: Language, key: str = "", currency: str = "JPY") -> Any:
    """A copy of ``value`` in which every value that the rules above name is formatted as text.

    ``value`` has passed its schema, so dates parse and amounts are integers.
    """
    if isinstance(value, dict):
        if value.keys() == {"ja", "en"}:
            return value[language] or value["ja"] or value["en"]
        nearest = value.get("currency", currency)
        return {
            name: format_data(inner, language=language, key=name, currency=nearest)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [format_data(inner, language=language, key=key, currency=currency) for inner in value]
    if value is None:
        return None
    return _format_value(value, language=language, unit=key.rpartition("_")[2], currency=currency)


def _format_value(value: Any, *, language: Language, unit: str, currency: str) -> Any:
    if unit == "minor":
        return _amount(value, language=language, currency=currency)
    if unit == "bp":
        return f"{value / 100:g}%"
    if unit == "on":
        return _day(date.fromisoformat(value), language)
    if unit == "at":
        moment = datetime.fromisoformat(value).astimezone(JAPAN)
        return f"{_day(moment.date(), language)} {moment:%H:%M:%S} JST"
    return value


def _amount(minor: int, *, language: Language, currency: str) -> str:
    """Formatted by ``Money``."""
    return Money(minor, currency).format(language)


def _day(day: date, language: Language) -> str:
    return format_date(day, format="long", locale=LOCALES[language])
