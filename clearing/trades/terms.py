"""Computes tax, fee, funding deadline and business key of a trade. Rates come from the rulebook."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from marketplace.kernel.calendars import BusinessCalendar
from marketplace.kernel.clock import business_date, market_zone
from marketplace.kernel.money import share_of
from marketplace.rules import queries as rules
from marketplace.rules.tariffs import fee_minor

FEE_POINT = "trade_fee"
FEE_TAX_CATEGORY = "standard"

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029#%|]")


@dataclass(frozen=True, slots=True)
class TaxAndFee:
    """Tax and fee of a price, in minor units of the trade's currency.

    ``tariff`` is the code of the fee in ``rulebook`` (public identifier); ``fee_tiered`` says that the payer's volume may
    reduce it at the end of the cycle.
    """

    tax_rate_bp: int
    tax_minor: int
    fee_minor: int
    fee_tax_rate_bp: int
    fee_payer: str
    tariff: str
    rulebook: str | None
    fee_tiered: bool


def tax_and_fee_of(
    *, price_minor: int, currency: str, tax_category: str, segment: str, concluded_at: datetime
) -> TaxAndFee:
    """Tax and fee of a trade, by the tariff in force at its conclusion and the tax rates of that day.

    The tariff depends on price, currency and segment, never on the parties. Tax is rounded down once.
    """
    tariff = rules.tariff(
        point=FEE_POINT,
        facts={"segment": segment, "price_minor": price_minor, "currency": currency},
        at=concluded_at,
    )
    day = business_date(concluded_at)
    rates_bp = rules.tax_rates_bp((tax_category, FEE_TAX_CATEGORY), on=day)
    rate_bp = rates_bp[tax_category]
    return TaxAndFee(
        tax_rate_bp=rate_bp,
        tax_minor=share_of(price_minor, rate_bp),
        fee_minor=fee_minor(tariff, price_minor),
        fee_tax_rate_bp=rates_bp[FEE_TAX_CATEGORY],
        fee_payer=tariff.borne_by,
        tariff=tariff.code,
        rulebook=tariff.rulebook,
        fee_tiered=bool(tariff.tiers),
    )


def funding_deadline(concluded_at: datetime, funding_days: int) -> datetime:
    """The end of the last funding day in the market's zone, ``funding_days`` business days after conclusion; UTC."""
    calendar = BusinessCalendar()
    last_day = calendar.roll_forward(calendar.add_business_days(business_date(concluded_at), funding_days))
    return datetime.combine(last_day + timedelta(days=1), time.min, market_zone()).astimezone(UTC)


def business_key_of(party: str, reference: str, charge: int = 1) -> str:
    """``<party>:<reference>``, the same in every database; with ``#<charge>`` from the second charge on.

    ``party`` is the buyer's corporate number (for a natural person, the public identifier). Characters that separate
    hashed lines are written as %XX of their UTF-8 bytes, so that no two references collide.
    """
    key = f"{party}:{_UNSAFE.sub(_percent, reference)}"
    return key if charge == 1 else f"{key}#{charge}"


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())
