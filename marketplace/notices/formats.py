"""Formats what events state for the texts of notices and tasks. Pure."""

from __future__ import annotations

from datetime import datetime

from marketplace.kernel.money import Money


def format_amount(minor: int, currency: str) -> dict[str, str]:
    """An amount formatted for each language."""
    money = Money(minor, currency)
    return {"ja": money.format("ja"), "en": money.format("en")}


def parse_instant(text: str | None) -> datetime | None:
    """The instant of an ISO text; None for none."""
    return datetime.fromisoformat(text) if text else None
