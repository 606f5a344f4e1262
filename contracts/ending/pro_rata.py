"""What comes back of a price that was paid in advance for a period which ends early. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.kernel.money import share_of


@dataclass(frozen=True, slots=True)
class ProRata:
    """A price and its tax in two parts, in minor units: what is returned and what stays. They sum to the whole."""

    refund_minor: int
    refund_tax_minor: int
    kept_minor: int
    kept_tax_minor: int


def pro_rata(
    *, price_minor: int, tax_rate_bp: int, days: int, unused_days: int, returned_minor: int = 0
) -> ProRata:
    """What is returned of ``price_minor`` for a period of ``days`` of which ``unused_days`` are not enjoyed.

    ``returned_minor`` of the price was returned before, and the rest is divided. The price is rounded once, toward zero, and the tax
    once: that of all that was returned, less that of what was returned before, as clearing does (``clearing.trades.limits``). Raises
    ValueError for days that are no part of the period.
    """
    if not 0 <= unused_days <= days or days < 1 or not 0 <= returned_minor <= price_minor:
        raise ValueError(f"{unused_days} of {days} days, {returned_minor} of {price_minor} returned")
    left_minor = price_minor - returned_minor
    refund_minor = left_minor * unused_days // days
    before_minor = share_of(returned_minor, tax_rate_bp)
    refund_tax_minor = share_of(returned_minor + refund_minor, tax_rate_bp) - before_minor
    return ProRata(
        refund_minor=refund_minor,
        refund_tax_minor=refund_tax_minor,
        kept_minor=left_minor - refund_minor,
        kept_tax_minor=share_of(price_minor, tax_rate_bp) - before_minor - refund_tax_minor,
    )
