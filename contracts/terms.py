"""The terms of a contract; a proposal always contains all of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from listings.rights import Parties, Rights, parse_rights, policy_of
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

NUMBERS = {
    # Far below the largest integer that canonical JSON (RFC 8785) represents exactly.
    "price_minor": (1, 1_000_000_000_000),
    "funding_days": (0, 30),
    "inspection_days": (1, 60),
}
FIXED_TERMS = ("currency", "tax_category")
"""Terms that the published offer fixes: the currency of its price, and the tax category that the law requires."""

FIXED_BY_OFFER = Label(
    "the published offer fixes this term; it cannot be negotiated",
    "公開されたオファーで定められており、交渉できません",
)
NO_TERM = Label("unknown term of a contract; remove it", "この項目は取引条件ではありません")


@dataclass(frozen=True, slots=True)
class Terms:
    """Price, deadlines and rights of use. ``price_minor`` is without tax, in minor units of ``currency``.

    ``funding_days``: bank business days from the agreement within which the buyer pays in. ``inspection_days``:
    calendar days from a matched receipt within which the buyer inspects, up to the next business day if the last one
    is a closed day; after that the data counts as accepted. The first day is not counted in either.
    """

    price_minor: int
    currency: str
    tax_category: str
    funding_days: int
    inspection_days: int
    rights: Rights

    def as_dict(self) -> dict[str, Any]:
        """Every term by name, in JSON types."""
        return {
            "price_minor": self.price_minor,
            "currency": str(self.currency),
            "tax_category": str(self.tax_category),
            "funding_days": self.funding_days,
            "inspection_days": self.inspection_days,
            "rights": self.rights.as_dict(),
        }

    def policy(self, *, identifier: str, parties: Parties) -> dict[str, Any]:
        """The terms of use as an ODRL 2.2 Offer, or with an assignee an Agreement. ``identifier`` is its IRI."""
        return policy_of(
            self.rights,
            price_minor=self.price_minor,
            currency=self.currency,
            identifier=identifier,
            parties=parties,
        )


def parse_terms(stored: Mapping[str, Any]) -> Terms:
    """Terms from ``as_dict`` or from an offer; raises FieldInvalid."""
    for name, (lowest, highest) in NUMBERS.items():
        _check_number(name, stored[name], lowest, highest)
    return Terms(
        **{name: stored[name] for name in (*NUMBERS, *FIXED_TERMS)},
        rights=parse_rights(stored["rights"], prefix="terms.rights"),
    )


def revise_terms(current: Terms, changes: Mapping[str, Any] | None) -> Terms:
    """The terms after ``changes``: omitted terms stay, and so do omitted choices of ``rights``.

    Raises FieldInvalid, which names the field as ``terms.<name>``.
    """
    if not changes:
        return current
    for name in sorted(set(changes) - {*NUMBERS, *FIXED_TERMS, "rights"}):
        raise FieldInvalid(f"terms.{name}", NO_TERM)
    for name in FIXED_TERMS:
        if name in changes and changes[name] != getattr(current, name):
            raise FieldInvalid(f"terms.{name}", FIXED_BY_OFFER)
    numbers = {name: changes[name] for name in NUMBERS if name in changes}
    for name, value in numbers.items():
        _check_number(name, value, *NUMBERS[name])
    rights = current.rights
    if "rights" in changes:
        if not isinstance(changes["rights"], Mapping):
            raise FieldInvalid(
                "terms.rights", Label("specify an object of choices", "選択項目のオブジェクトにしてください")
            )
        rights = parse_rights({**rights.as_dict(), **changes["rights"]}, prefix="terms.rights")
    return replace(current, **numbers, rights=rights)


def _check_number(name: str, value: Any, lowest: int, highest: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise FieldInvalid(
            f"terms.{name}",
            Label(
                f"specify a whole number from {lowest} to {highest:,}",
                f"{lowest}から{highest:,}までの整数にしてください",
            ),
        )
