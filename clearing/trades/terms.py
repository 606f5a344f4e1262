"""Computes tax, fee, funding deadline and business key of a trade. Rates come from the rulebook."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from marketplace.kernel.money import share_of
from marketplace.participants.queries import OrganisationView
from marketplace.rules.queries import TariffSchedule
from marketplace.rules.tariffs import Tariff, fee_minor
from marketplace.rules.tax_tables import TaxTables

from .states import FeePayer
from .taxation import Treatment, fee_class_of, held_rate_bp, rate_of_class_bp

FEE_TAX_CATEGORY = "standard"

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029#%|]")


def tariff_of(fees: TariffSchedule, *, price_minor: int, currency: str, segment: str) -> Tariff:
    """The tariff of a trade in the fees in force at its conclusion.

    It depends on price, currency and segment, never on the parties.
    """
    return fees.tariff({"segment": segment, "price_minor": price_minor, "currency": currency})


def tax_on_hold(
    tables: TaxTables,
    *,
    treatment: Treatment | None,
    price_minor: int,
    tax_category: str,
    supplied_on: date | None,
    since: date,
) -> dict[str, Any]:
    """Class, tax point and tax of a trade's hold, as columns of the trade. Tax is rounded down once."""
    rate_bp = held_rate_bp(tables, tax_category, treatment=treatment, supplied_on=supplied_on, since=since)
    return {
        "supply_class": treatment.supply_class if treatment else None,
        "tax_point": treatment.tax_point if treatment else None,
        "supplied_on": supplied_on,
        "tax_rate_bp": rate_bp,
        "tax_minor": share_of(price_minor, rate_bp),
    }


def fee_on_conclusion(
    tables: TaxTables,
    tariff: Tariff,
    *,
    price_minor: int,
    seller: OrganisationView,
    buyer: OrganisationView,
    on: date,
) -> dict[str, Any]:
    """The fee of a trade with its class and its payer, as columns of the trade; ``on`` is the day of the conclusion."""
    payer = seller if tariff.borne_by == FeePayer.SELLER else buyer
    fee_class = fee_class_of(tables, payer=payer, on=on)
    return {
        "fee_minor": fee_minor(tariff, price_minor),
        "fee_class": fee_class,
        "fee_tax_rate_bp": rate_of_class_bp(tables, FEE_TAX_CATEGORY, fee_class, on=on),
        "fee_payer": tariff.borne_by,
        "tariff": tariff.code,
        "rulebook": tariff.rulebook,
        "fee_tiered": bool(tariff.tiers),
    }


def business_key_of(party: str, reference: str, charge: int = 1) -> str:
    """``<party>:<reference>``, the same in every database; with ``#<charge>`` from the second charge on.

    ``party`` is the buyer's corporate number (for a natural person, the public identifier). Characters that separate
    hashed lines are written as %XX of their UTF-8 bytes, so that no two references collide.
    """
    key = f"{party}:{_UNSAFE.sub(_percent, reference)}"
    return key if charge == 1 else f"{key}#{charge}"


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())
