"""At whom rules and fees aim: the one home of what previews warn of and the neutrality report lists. Pure.

A rule names a party if it reads a fact that names one beside any text or number, or contains what looks like an identifier. A
fee aims at an exact price, or at a segment of one seller, if it is the first that applies there and not beside it: fees are
tried as trades would find them, so a fee that is left over by the conditions before it is found too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any

from .errors import NoTariff, TariffUndecidable, UnknownPoint
from .lexing import texts, tokens
from .rulebook import CompiledRulebook

IDENTIFIER = re.compile(r"(?<![a-z_])[a-z]{3,4}_[0-9A-Z]{2,}|\bT?\d{13}\b")
"""What looks like an identifier of the market, or a corporate number."""
ELSEWHERE = "~"
"""A segment that no condition names."""
PRICES_TRIED = (1, 1_000, 10_000, 100_000, 1_000_000, 100_000_000)
NUMBERS_MAX = 50
"""A condition with more numbers than these picks single prices, however it does so."""
EVALUATIONS_MAX = 300_000
"""Tariffs that take more to try are too many to tell: each that states a price counts as one for an exact price."""

Tariffs = Sequence[Mapping[str, Any]]
Place = tuple[str, int]
"""A segment and a price at which tariffs are tried."""


def names_party(entry: Mapping[str, Any], vocabulary: Mapping[str, Any]) -> bool:
    """Whether the condition of a rule or tariff holds a fact that names a party against anything written in it.

    ``vocabulary``: with ``reads``, as a rulebook is published with it.
    """
    if any(IDENTIFIER.search(text) for text in texts(entry["when"])):
        return True
    named = set(vocabulary["points"][entry["point"]].get("parties", ()))
    is_written = any(token.kind in ("text", "number") for token in tokens(entry["when"]))
    return is_written and not named.isdisjoint(vocabulary["reads"][entry["code"]])


def exact_prices(compiled: CompiledRulebook, tariffs: Tariffs, trades: Collection[Place] = ()) -> set[str]:
    """The codes of tariffs that apply at some price and at neither of its neighbours; ``trades``: where to try them too."""
    found = {entry["code"] for entry in tariffs if len(_numbers(entry)) > NUMBERS_MAX}
    places = _places(tariffs, trades)
    if len(places) * 3 * len(_currencies(tariffs)) * len(tariffs) > EVALUATIONS_MAX:
        return found | {entry["code"] for entry in tariffs if _numbers(entry)}
    for currency in _currencies(tariffs):
        first = cache(partial(_first, compiled, tariffs[0]["point"], currency))
        for segment, price in places:
            code = first(segment, price)
            if code and code not in (first(segment, price - 1), first(segment, price + 1)):
                found.add(code)
    return found


def segments_of_one(
    compiled: CompiledRulebook, tariffs: Tariffs, sellers: Mapping[str, int], trades: Collection[Place] = ()
) -> dict[str, list[str]]:
    """The codes of tariffs that apply in a segment with at most one seller and not in others, with these segments."""
    found: dict[str, list[str]] = {}
    of_one = {segment for segment in _segments(tariffs) if sellers.get(segment, 2) <= 1}
    places = [place for place in _places(tariffs, trades) if place[0] in of_one]
    places += [(segment, price) for segment in sorted(of_one) for price in PRICES_TRIED]
    most = EVALUATIONS_MAX // (2 * len(_currencies(tariffs)) * max(len(tariffs), 1))
    for currency in _currencies(tariffs):
        first = cache(partial(_first, compiled, tariffs[0]["point"], currency))
        for segment, price in places[-most:]:
            code = first(segment, price)
            if code and code != first(ELSEWHERE, price) and segment not in found.setdefault(code, []):
                found[code].append(segment)
    return found


def _numbers(entry: Mapping[str, Any]) -> set[int]:
    written = (token.written for token in tokens(entry["when"]) if token.kind == "number")
    return {int(each) for each in written if each.isdecimal() and len(each) < 18}


def _places(tariffs: Tariffs, trades: Collection[Place]) -> list[Place]:
    """Where tariffs are tried: at the prices that a condition states, and quotients of them, in the segments that it names, or
    in all if it names none; and at ``trades``. Each price with its neighbours."""
    every, found = [*_segments(tariffs), ELSEWHERE], dict.fromkeys(trades)
    for entry in tariffs:
        stated = sorted(_numbers(entry))[:NUMBERS_MAX]
        prices = {*stated, *(one // other for one in stated for other in stated if other > 1)}
        near = {beside for price in prices for beside in (price, price + 1, price - 1) if beside > 0}
        named = texts(entry["when"])
        for segment in [*named, ELSEWHERE] if named else every:
            found |= dict.fromkeys((segment, price) for price in sorted(near))
    return list(found)


def _segments(tariffs: Tariffs) -> list[str]:
    """The texts that conditions name: among them are the segments."""
    return sorted({text for entry in tariffs for text in texts(entry["when"])})


def _currencies(tariffs: Tariffs) -> list[str]:
    return sorted({"JPY", *(text for text in _segments(tariffs) if len(text) == 3 and text.isupper())})


def _first(
    compiled: CompiledRulebook, point: str, currency: str, segment: str, price_minor: int
) -> str | None:
    """The code of the tariff that a trade would find."""
    facts = {"segment": segment, "price_minor": price_minor, "currency": currency}
    try:
        return compiled.tariff(point, facts).code
    except (NoTariff, TariffUndecidable, UnknownPoint):
        return None


def by_point(tariffs: Tariffs) -> Iterator[Tariffs]:
    """The tariffs of each point, in the document's order."""
    points = dict.fromkeys(entry["point"] for entry in tariffs)
    for point in points:
        yield [entry for entry in tariffs if entry["point"] == point]
