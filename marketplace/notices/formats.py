"""Formats what events state for the texts of notices and tasks. Pure."""

from __future__ import annotations

from datetime import datetime

from marketplace.kernel.clock import market_zone
from marketplace.kernel.labels import Label
from marketplace.kernel.money import Money

NO_AMOUNT = Label("no amount", "金額なし")


def format_amount(minor: int | None, currency: str) -> dict[str, str]:
    """An amount, or that there is none, formatted for each language."""
    if minor is None:
        return NO_AMOUNT.as_dict()
    money = Money(minor, currency)
    return {"ja": money.format("ja"), "en": money.format("en")}


def format_moment(moment: str | datetime) -> str:
    """A moment, or the ISO text of one, in the market's time zone."""
    instant = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    local = instant.astimezone(market_zone())
    return f"{local:%Y-%m-%d %H:%M} ({local.tzname()})"


def parse_instant(text: str | None) -> datetime | None:
    """The instant of an ISO text; None for none."""
    return datetime.fromisoformat(text) if text else None
