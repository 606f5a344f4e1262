"""The figures of the front page; the API shows all of them publicly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import listings.queries
from clearing.cycles.queries import settled_cycles
from marketplace.documents.presentation import Language, format_data
from marketplace.kernel import clock
from marketplace.rules.errors import NoRulebook
from marketplace.rules.queries import current_rulebook

CYCLES_SHOWN = 3


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
    """The figures of this moment; neither the queries nor the rows read grow with the market."""
    settled = settled_cycles(newest=CYCLES_SHOWN)
    return MarketFigures(
        listings_on_sale=listings.queries.catalogue().count(),
        rulebook=_rulebook(language),
        cycles_settled=settled.cycles,
        trades_cleared=settled.trades,
        cycles=[format_data(cycle, language=language) for cycle in settled.newest],
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
    words: dict[str, Any] = format_data(stated, language=language)
    return words
