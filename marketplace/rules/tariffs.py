"""Fees as published: a rate with a floor and a ceiling. Pure and public; clearing computes with it."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.kernel.money import share_of


@dataclass(frozen=True, slots=True)
class Tariff:
    """A published fee: ``rate_bp`` hundredths of a percent of the price without tax, amounts in minor units.

    ``cap_minor`` is None where there is no ceiling. ``borne_by`` is ``seller`` or ``buyer``. ``rulebook`` is the
    public identifier of the version that it stands in, if it was read from one.
    """

    code: str
    rate_bp: int
    minimum_minor: int
    cap_minor: int | None
    borne_by: str
    rulebook: str | None = None


def fee_minor(tariff: Tariff, price_minor: int) -> int:
    """The fee without tax on a price without tax, both in minor units; fractions of a unit are cut off.

    At least the minimum, at most the ceiling, and never more than the price itself: who sells something small
    does not owe for it, and what is given away costs nothing. Raises ValueError for a negative price.
    """
    if price_minor < 0:
        raise ValueError("a price is not negative")
    fee = max(share_of(price_minor, tariff.rate_bp), tariff.minimum_minor)
    if tariff.cap_minor is not None:
        fee = min(fee, tariff.cap_minor)
    return min(fee, price_minor)
