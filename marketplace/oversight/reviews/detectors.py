"""What is looked for in agreements and negotiations: figures and thresholds that are published. Pure.

A detector says what it saw; it judges nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any

from .states import Detector

DAYS_BACK_AND_FORTH = 30
AGREEMENTS_EACH_WAY = 2
DAYS_PRICES = 90
PRICES_MIN = 10
PRICE_FACTOR = 10
DAYS_BROKEN_OFF = 30
BROKEN_OFF = 5
REFUSED_A_DAY = 50


@dataclass(frozen=True, slots=True)
class Seen:
    """An agreement as the surveillance knows it."""

    agreement: str
    segment: str
    buyer: str
    seller: str
    price_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class SeenEnd:
    """A negotiation that ended without agreement, as the surveillance knows it. ``by``: buyer, seller, or system (it lapsed)."""

    negotiation: str
    buyer: str
    seller: str
    by: str


@dataclass(frozen=True, slots=True)
class SeenRefusals:
    """How often a buyer was refused files of a listing on a day, because access was closed; ``code``: why, the last time."""

    entitlement: str
    listing: str
    buyer: str
    seller: str
    day: date
    refusals: int
    code: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a detector saw: ``key`` names the same thing again, ``parties`` whom it is about, ``facts`` are JSON."""

    detector: Detector
    key: str
    parties: tuple[str, ...]
    facts: dict[str, Any]


def back_and_forth(new: Seen, between: Iterable[Seen]) -> Iterator[Finding]:
    """The same two each bought from the other, ``AGREEMENTS_EACH_WAY`` times within ``DAYS_BACK_AND_FORTH`` days."""
    found = sorted(
        {each.agreement for each in between if (each.buyer, each.seller) == (new.buyer, new.seller)}
    )
    returned = sorted(
        {each.agreement for each in between if (each.buyer, each.seller) == (new.seller, new.buyer)}
    )
    if min(len(found), len(returned)) < AGREEMENTS_EACH_WAY:
        return
    parties = tuple(sorted((new.buyer, new.seller)))
    facts = {"agreements": found, "returned": returned, "days": DAYS_BACK_AND_FORTH}
    yield Finding(Detector.BACK_AND_FORTH, ":".join(parties), parties, facts)


def far_price(new: Seen, prices_minor: Sequence[int]) -> Iterator[Finding]:
    """The price is ``PRICE_FACTOR`` times the median of its segment, or a fraction of it, among ``PRICES_MIN`` earlier ones."""
    if len(prices_minor) < PRICES_MIN:
        return
    middle = int(median(prices_minor))
    if new.price_minor * PRICE_FACTOR > middle and new.price_minor < middle * PRICE_FACTOR:
        return
    facts = {
        "agreement": new.agreement,
        "segment": new.segment,
        "currency": new.currency,
        "price_minor": new.price_minor,
        "median_minor": middle,
        "prices": len(prices_minor),
    }
    yield Finding(Detector.PRICE, new.agreement, (new.buyer, new.seller), facts)


def same_statements(new: Seen, buyer: dict[str, str], seller: dict[str, str]) -> Iterator[Finding]:
    """Both parties state the same address or the same representative; the facts say which, not what it is."""
    same = sorted(
        name
        for name, value in buyer.items()
        if value.strip() and value.strip() == seller.get(name, "").strip()
    )
    if same:
        parties = tuple(sorted((new.buyer, new.seller)))
        yield Finding(
            Detector.RELATED, ":".join(parties), parties, {"agreement": new.agreement, "same": same}
        )


def broken_off(new: SeenEnd, between: Iterable[SeenEnd], agreements: int) -> Iterator[Finding]:
    """The same two ended ``BROKEN_OFF`` negotiations within ``DAYS_BROKEN_OFF`` days, and agreed on nothing meanwhile."""
    ends = {each.negotiation: each.by for each in between}
    if agreements or len(ends) < BROKEN_OFF:
        return
    parties = tuple(sorted((new.buyer, new.seller)))
    facts = {"negotiations": sorted(ends), "ended_by": sorted(set(ends.values())), "days": DAYS_BROKEN_OFF}
    yield Finding(Detector.BROKEN_OFF, ":".join(parties), parties, facts)


def refused_often(seen: SeenRefusals) -> Iterator[Finding]:
    """A buyer asked ``REFUSED_A_DAY`` times in a day for files of a listing to which its access was closed."""
    if seen.refusals < REFUSED_A_DAY:
        return
    facts = {
        "delivery": seen.entitlement,
        "listing": seen.listing,
        "day": seen.day.isoformat(),
        "refusals_min": seen.refusals,
        "code": seen.code,
    }
    parties = tuple(sorted((seen.buyer, seen.seller)))
    yield Finding(Detector.REFUSED, f"{seen.buyer}:{seen.listing}", parties, facts)
