"""Rules and fees that are aimed at somebody, or look so: listed in the neutrality report, and judged by nobody here.

A rule that names a party; a tariff that charges one exact price, or a segment in which at most one seller is admitted,
otherwise; and a version of the rulebook that was in force for less than ``short_lived_minutes``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from ..cel import ExpressionRefused, UnknownEvaluator
from ..lexing import texts, tokens
from ..models import Rulebook
from ..queries import parameter
from ..rulebook import CompiledRulebook
from .sealing import IDENTIFIER

VERSIONS_MAX = 200
NAMED_MAX = 20
ELSEWHERE = "~"
"""A text that no condition names."""


class Aim(StrEnum):
    """In what way an entry of a rulebook is aimed at somebody."""

    NAMES_A_PARTY = "names_a_party"
    EXACT_PRICE = "exact_price"
    ONE_SELLER = "one_seller"
    SHORT_LIVED = "short_lived"


def aimed_entries(sellers: Mapping[str, int]) -> list[dict[str, Any]]:
    """What of the newest ``VERSIONS_MAX`` rulebooks is aimed: ``{"rulebook", "number", "entry", "aim"}``, newest first.

    ``entry`` is the code of the rule or tariff, empty for a whole version.
    """
    newest = list(Rulebook.objects.order_by("-number")[:VERSIONS_MAX])
    found = [
        {"rulebook": rulebook.public_id, "number": rulebook.number, "entry": entry, "aim": aim.value}
        for rulebook in newest
        for entry, aim in sorted(set(aims_of(rulebook.document, rulebook.vocabulary, sellers)))
    ]
    shortest = timedelta(minutes=parameter("short_lived_minutes"))
    found += [
        {"rulebook": row.public_id, "number": row.number, "entry": "", "aim": Aim.SHORT_LIVED.value}
        for row, lived in _lifetimes(newest)
        if timedelta() < lived < shortest
    ]
    return sorted(found, key=lambda row: (-row["number"], row["entry"], row["aim"]))


def aims_of(
    document: Mapping[str, Any], vocabulary: Mapping[str, Any], sellers: Mapping[str, int]
) -> Iterator[tuple[str, Aim]]:
    """Each entry of a document that is aimed, by its code, and how; ``sellers`` counts those admitted to each segment."""
    tariffs = document.get("tariffs", [])
    for entry in (*document["rules"], *tariffs):
        if any(IDENTIFIER.fullmatch(text) for text in texts(entry["when"])):
            yield entry["code"], Aim.NAMES_A_PARTY
    try:
        compiled = CompiledRulebook(document, vocabulary)
    except (ExpressionRefused, UnknownEvaluator):
        return
    for entry in tariffs:
        yield from ((entry["code"], aim) for aim in _aims_of_tariff(entry, compiled, sellers))


def _aims_of_tariff(
    entry: Mapping[str, Any], compiled: CompiledRulebook, sellers: Mapping[str, int]
) -> Iterator[Aim]:
    code = entry["code"]
    named = sorted(set(texts(entry["when"])))[:NAMED_MAX]
    prices = sorted({int(each.written) for each in tokens(entry["when"]) if each.written.isdecimal()})[
        :NAMED_MAX
    ]
    for segment in (*named, ELSEWHERE):
        for currency in {"JPY", *(text for text in named if len(text) == 3 and text.isupper())}:
            if any(_is_exact(compiled, code, segment, currency, price) for price in prices):
                yield Aim.EXACT_PRICE
    for segment in named:
        if sellers.get(segment, 2) <= 1 and _applies_there_only(compiled, code, segment, prices):
            yield Aim.ONE_SELLER


def _is_exact(compiled: CompiledRulebook, code: str, segment: str, currency: str, price: int) -> bool:
    """Whether a tariff applies at a price, and a unit below and above it does not."""
    around = [_applies(compiled, code, segment, currency, each) for each in (price - 1, price, price + 1)]
    return around == [False, True, False]


def _applies_there_only(compiled: CompiledRulebook, code: str, segment: str, prices: list[int]) -> bool:
    """Whether at some price a tariff applies in the segment and not elsewhere."""
    tried = {1, 10_000, *prices, *(price + 1 for price in prices)}
    return any(
        _applies(compiled, code, segment, "JPY", price)
        and not _applies(compiled, code, ELSEWHERE, "JPY", price)
        for price in tried
    )


def _applies(compiled: CompiledRulebook, code: str, segment: str, currency: str, price: int) -> bool:
    facts = {"trade.segment": segment, "trade.currency": currency, "trade.price_minor": price}
    return compiled.applies(code, facts) is True


def _lifetimes(newest: list[Rulebook]) -> Iterator[tuple[Rulebook, timedelta]]:
    """Each version that was replaced, and how long it was in force: until a later number took effect."""
    later: Rulebook | None = None
    for row in newest:
        if later is not None:
            yield row, later.effective_from - row.effective_from
        if later is None or row.effective_from < later.effective_from:
            later = row
