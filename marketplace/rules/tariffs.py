"""Fees as published: a rate with a minimum and a cap, and tiers by volume. Pure and public; clearing computes with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from marketplace.kernel.money import BASIS_POINTS, allocate, share_of


class Tier(NamedTuple):
    """A tier: ``rate_bp`` applies to the part of the volume from ``from_minor`` up to the next tier."""

    from_minor: int
    rate_bp: int


class ChargedTrade(NamedTuple):
    """A trade and the fee levied at its conclusion, without tax, in minor units."""

    price_minor: int
    fee_minor: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """A published fee: ``rate_bp`` hundredths of a percent of the price without tax, amounts in minor units.

    ``cap_minor`` is None if there is no cap. ``borne_by`` is ``seller`` or ``buyer``. ``tiers`` apply to one payer's
    volume under the tariff in one clearing cycle; empty if the rate does not depend on volume. The first starts at 0
    with ``rate_bp``. ``rulebook`` is the public identifier of the version that contains the tariff, if any.
    """

    code: str
    rate_bp: int
    minimum_minor: int
    cap_minor: int | None
    borne_by: str
    rulebook: str | None = None
    tiers: tuple[Tier, ...] = ()


def stated_tariff(entry: Mapping[str, Any], rulebook: str | None = None) -> Tariff:
    """The tariff of an entry in a rulebook's document."""
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
    """The fee without tax on a price without tax, both in minor units, rounded down.

    At least the minimum, at most the cap, and never more than the price. With tiers it is the fee of the first tier;
    the difference by volume is returned when the cycle is cut off. Raises ValueError for a negative price.
    """
    if price_minor < 0:
        raise ValueError("a price is not negative")
    fee = max(share_of(price_minor, tariff.rate_bp), tariff.minimum_minor)
    if tariff.cap_minor is not None:
        fee = min(fee, tariff.cap_minor)
    return min(fee, price_minor)


def tiered_fee_minor(tiers: Sequence[Tier], volume_minor: int) -> int:
    """The fee on a volume by its tiers: each rate applies to the part of the volume in its tier; the total is rounded
    down.

    Raises ValueError for a negative volume, or without tiers.
    """
    if volume_minor < 0 or not tiers:
        raise ValueError("a volume is not negative, and tiers are at least one")
    parts = 0
    for at, tier in enumerate(tiers):
        upper = tiers[at + 1].from_minor if at + 1 < len(tiers) else volume_minor
        parts += max(min(volume_minor, upper) - tier.from_minor, 0) * tier.rate_bp
    return parts // BASIS_POINTS


def tier_rebate_minor(tiers: Sequence[Tier], *, volume_minor: int, charged_minor: int) -> int:
    """The rebate of a payer: the fees ``charged_minor`` for a volume less the fee by its tiers.

    The part of a fee that comes from the minimum is not returned, and nothing is if caps already made the fees less
    than the tiers do. So the rebate is never negative, never more than the fees, and 0 while the volume stays in the
    first tier.
    """
    if len(tiers) < 2 or volume_minor <= tiers[1].from_minor:
        return 0
    at_first_rate = share_of(volume_minor, tiers[0].rate_bp)
    return max(min(charged_minor, at_first_rate) - tiered_fee_minor(tiers, volume_minor), 0)


def tier_rebates(tiers: Sequence[Tier], trades: Sequence[ChargedTrade]) -> list[int]:
    """The rebate of one payer split over its trades, in the order given: in proportion to their fees, exactly, by
    largest remainder; a tie goes to the earlier trade. No part exceeds the fee of its trade.
    """
    total = tier_rebate_minor(
        tiers,
        volume_minor=sum(trade.price_minor for trade in trades),
        charged_minor=sum(trade.fee_minor for trade in trades),
    )
    return allocate(total, [trade.fee_minor for trade in trades]) if total else [0] * len(trades)
