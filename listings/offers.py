"""Validation of the terms of an offer. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marketplace.kernel.amounts import AMOUNT_MINOR_MAX
from marketplace.kernel.bounds import FUNDING_DAYS_MAX, INSPECTION_DAYS_MAX
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.money import currencies

from .charging_terms import ChargingTerms, parse_charging
from .ending import NO_ENDING, parse_ending, require_divisible
from .rights import Rights, parse_rights
from .states import SignatureLevel, TaxCategory

TEMPLATE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")

DEFAULTS: dict[str, Any] = {
    "currency": "JPY",
    "tax_category": TaxCategory.STANDARD.value,
    "funding_days": 3,
    "inspection_days": 7,
    "negotiable": True,
    "charging": None,
    "signature_level": SignatureLevel.MARKET_SIDE.value,
    "ending": NO_ENDING,
}
REQUIRED = ("price_minor", "rights", "template")


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """Terms of an offer. ``price_minor`` is without tax, in minor units, 0 for open data or a trial; days are calendar days."""

    price_minor: int
    currency: str
    tax_category: str
    rights: Rights
    template: str
    funding_days: int
    inspection_days: int
    negotiable: bool
    charging: ChargingTerms
    signature_level: str
    ending: Mapping[str, Any]


def parse_offer(offer: Mapping[str, Any]) -> OfferTerms:
    """The terms of a seller's ``offer``: price_minor, rights (see ``listings.rights``) and template (the code of a
    contract template) are required; currency, tax_category, funding_days, inspection_days, negotiable, charging,
    signature_level and ending (``listings.ending``) have DEFAULTS.

    Raises FieldInvalid, which names the field as ``offer.<name>``.
    """
    for name in sorted(set(offer) - {*DEFAULTS, *REQUIRED}):
        raise FieldInvalid(
            f"offer.{name}", Label("unknown term of an offer; remove it", "この項目はありません")
        )
    for name in REQUIRED:
        if name not in offer:
            raise FieldInvalid(f"offer.{name}", Label("this field is required", "入力してください"))
    terms = {**DEFAULTS, **offer}
    if not isinstance(terms["template"], str) or not TEMPLATE.fullmatch(terms["template"]):
        raise FieldInvalid("offer.template", Label("use a valid code", "コードの形式が正しくありません"))
    if not isinstance(terms["currency"], str) or terms["currency"] not in currencies():
        raise FieldInvalid(
            "offer.currency",
            Label(
                "use the ISO 4217 code of a currency in use",
                "現在使われている通貨のISO 4217コードにしてください",
            ),
        )
    if terms["tax_category"] not in TaxCategory.values:
        permitted = ", ".join(TaxCategory.values)
        raise FieldInvalid(
            "offer.tax_category",
            Label(f"specify one of {permitted}", f"次から選んでください: {permitted}"),
        )
    if terms["signature_level"] not in SignatureLevel.values:
        permitted = ", ".join(SignatureLevel.values)
        raise FieldInvalid(
            "offer.signature_level",
            Label(f"specify one of {permitted}", f"次から選んでください: {permitted}"),
        )
    _check_number("price_minor", terms["price_minor"], 0, AMOUNT_MINOR_MAX)
    _check_number("funding_days", terms["funding_days"], 0, FUNDING_DAYS_MAX)
    _check_number("inspection_days", terms["inspection_days"], 1, INSPECTION_DAYS_MAX)
    if not isinstance(terms["negotiable"], bool):
        raise FieldInvalid("offer.negotiable", Label("specify true or false", "true か false にしてください"))
    rights = parse_rights(terms.pop("rights"), prefix="offer.rights")
    charging = parse_charging(terms.pop("charging"), prefix="offer.charging")
    ending = parse_ending(terms.pop("ending"), prefix="offer.ending")
    require_divisible(ending, charging.kind, has_end=rights.has_end, prefix="offer.ending")
    if rights.must_be_negotiated and not terms["negotiable"]:
        raise FieldInvalid(
            "offer.negotiable",
            Label(
                "an offer with a purpose that is to be agreed must be negotiable",
                "利用目的が個別調整の場合は、交渉可としてください",
            ),
        )
    return OfferTerms(rights=rights, charging=charging, ending=ending, **terms)


def _check_number(name: str, value: Any, lowest: int, highest: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise FieldInvalid(
            f"offer.{name}",
            Label(
                f"specify a whole number from {lowest} to {highest:,}",
                f"{lowest}から{highest:,}までの整数にしてください",
            ),
        )
