"""The figures of the front page; the API shows all of them publicly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import listings.queries
from clearing.cycles.queries import cycle_summaries
from marketplace.documents.presentation import Language, presented
from marketplace.kernel import clock
from marketplace.rules.errors import NoRulebook
from marketplace.rules.queries import current_rulebook

CYCLES_SHOWN = 3
SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class MarketFigures:
    """The figures of the market now. Amounts and days are texts in the reader's language; counts are integers.

    ``rulebook``: ``number, effective_on`` of the one in force; None, if none is. ``cycles_settled`` and
    ``trades_cleared`` are of all settled cycles; ``cycles`` are the newest of them, the newest first, each with
    ``id, business_key, trades, gross_minor, net_minor, payments_before, payments_after`` and its hashes.
    """

    listings_on_sale: int
    rulebook: dict[str, Any] | None
    cycles_settled: int
    trades_cleared: int
    cycles: list[dict[str, Any]]


def market_figures(language: Language) -> MarketFigures:
    """The figures of this moment, by a number of database queries that does not grow."""
    settled = [cycle for cycle in cycle_summaries() if cycle["state"] == SETTLED]
    # Identifiers are ordered by time, over all currencies.
    newest = sorted(settled, key=lambda cycle: str(cycle["id"]), reverse=True)[:CYCLES_SHOWN]
    return MarketFigures(
        listings_on_sale=listings.queries.catalogue().count(),
        rulebook=_rulebook(language),
        cycles_settled=len(settled),
        trades_cleared=sum(cycle["trades"] for cycle in settled),
        cycles=[presented({**cycle, "currency": _currency(cycle)}, language=language) for cycle in newest],
    )


def _rulebook(language: Language) -> dict[str, Any] | None:
    try:
        rulebook = current_rulebook()
    except NoRulebook:
        return None
    stated = {
        "number": rulebook.number,
        "effective_on": clock.business_date(rulebook.effective_from).isoformat(),
    }
    words: dict[str, Any] = presented(stated, language=language)
    return words


def _currency(cycle: dict[str, Any]) -> str:
    """The currency that the business key of a cycle begins with: JPY of ``JPY-2026-0001``."""
    return str(cycle["business_key"]).partition("-")[0]
