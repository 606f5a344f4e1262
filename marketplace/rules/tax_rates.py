"""Consumption tax rates by category and date, as set in a rulebook. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any


def rate_on(rates: Iterable[Mapping[str, Any]], category: str, on: date) -> int | None:
    """The rate in hundredths of a percent on the date ``on``: the latest that has begun by then.

    ``rates`` are ``{"category", "rate_bp", "from": ISO date}``; None where the category has no rate by then.
    """
    begun = [
        (date.fromisoformat(rate["from"]), rate["rate_bp"])
        for rate in rates
        if rate["category"] == category and date.fromisoformat(rate["from"]) <= on
    ]
    return max(begun)[1] if begun else None


def highest_rate_since(rates: Iterable[Mapping[str, Any]], category: str, since: date) -> int | None:
    """The highest rate, among those published, that can apply on the date ``since`` or on any later one."""
    listed = list(rates)
    begun = rate_on(listed, category, since)
    coming = [
        int(rate["rate_bp"])
        for rate in listed
        if rate["category"] == category and date.fromisoformat(rate["from"]) > since
    ]
    return None if begun is None else max([begun, *coming])
