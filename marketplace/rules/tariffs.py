"""Fees as published: a rate with a floor and a ceiling, and bands of volume. Pure and public; clearing computes with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from marketplace.kernel.money import BASIS_POINTS, allocate, share_of


class Tier(NamedTuple):
    """A band of volume: from ``from_minor`` on, up to the next one, ``rate_bp`` applies to what lies in it."""

    from_minor: int
    rate_bp: int


class ChargedTrade(NamedTuple):
    """A trade without tax, as its fee was charged at its conclusion. Amounts in minor units."""

    price_minor: int
    fee_minor: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """A published fee: ``rate_bp`` hundredths of a percent of the price without tax, amounts in minor units.

    ``cap_minor`` is None where there is no ceiling. ``borne_by`` is ``seller`` or ``buyer``. ``tiers`` are bands of
    what one payer trades under the tariff in one clearing cycle, empty where the rate does not depend on it; the
    first begins at 0 with ``rate_bp``. ``rulebook`` is the public identifier of the version that it stands in, if
    it was read from one.
    """

    code: str
    rate_bp: int
    minimum_minor: int
    cap_minor: int | None
    borne_by: str
    rulebook: str | None = None
    tiers: tuple[Tier, ...] = ()


def stated_tariff(entry: Mapping[str, Any], rulebook: str | None = None) -> Tariff:
    """The fee that an entry of a rulebook's document states."""
    return Tariff(
        code=entry["code"],
        rate_bp=entry["rate_bp"],
        minimum_minor=entry["minimum_minor"],
        cap_minor=entry["cap_minor"],
        borne_by=entry["borne_by"],
        rulebook=rulebook,
        tiers=tuple(Tier(tier["from_minor"], tier["rate_bp"]) for tier in entry.get("tiers", ())),
    )


def fee_minor(tariff: Tariff, price_minor: int) -> int:
    """The fee without tax on a price without tax, both in minor units; fractions of a unit are cut off.

    At least the minimum, at most the ceiling, and never more than the price itself: who sells something small
    does not owe for it, and what is given away costs nothing. Where there are tiers it is the fee of the first;
    what a payer's volume makes less is given back when the cycle is cut off. Raises ValueError for a negative price.
    """
    if price_minor < 0:
        raise ValueError("a price is not negative")
    fee = max(share_of(price_minor, tariff.rate_bp), tariff.minimum_minor)
    if tariff.cap_minor is not None:
        fee = min(fee, tariff.cap_minor)
    return min(fee, price_minor)


def tiered_fee_minor(tiers: Sequence[Tier], volume_minor: int) -> int:
    """The fee on a volume by its bands: each rate applies to the part of the volume in its band; fractions of a unit
    are cut off once, of the whole.

    Raises ValueError for a negative volume and where there are no tiers.
    """
    if volume_minor < 0 or not tiers:
        raise ValueError("a volume is not negative, and tiers are at least one")
    parts = 0
    for at, tier in enumerate(tiers):
        upper = tiers[at + 1].from_minor if at + 1 < len(tiers) else volume_minor
        parts += max(min(volume_minor, upper) - tier.from_minor, 0) * tier.rate_bp
    return parts // BASIS_POINTS


def tier_rebate_minor(tiers: Sequence[Tier], *, volume_minor: int, charged_minor: int) -> int:
    """What a payer gets back of the fees ``charged_minor`` for a volume: what is above the fee by its bands.

    What a trade's minimum made more than the first rate is not given back, and where ceilings already made the
    fees less than the bands ask, nothing is. So the rebate is never negative, never more than what was charged,
    and 0 while the volume stays in the first band.
    """
    if len(tiers) < 2 or volume_minor <= tiers[1].from_minor:
        return 0
    at_first_rate = share_of(volume_minor, tiers[0].rate_bp)
    return max(min(charged_minor, at_first_rate) - tiered_fee_minor(tiers, volume_minor), 0)


def tier_rebates(tiers: Sequence[Tier], trades: Sequence[ChargedTrade]) -> list[int]:
    """The rebate of one payer, trade by trade in the order given: shared by the fees charged, exactly, by largest
    remainder; a tie goes to the earlier trade. No part is more than the fee of its trade.
    """
    total = tier_rebate_minor(
        tiers,
        volume_minor=sum(trade.price_minor for trade in trades),
        charged_minor=sum(trade.fee_minor for trade in trades),
    )
    return allocate(total, [trade.fee_minor for trade in trades]) if total else [0] * len(trades)
