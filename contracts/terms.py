"""The terms of a contract; a proposal always contains all of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from listings.charging_terms import ChargingTerms, parse_charging
from listings.ending import NO_ENDING, parse_ending
from listings.rights import Parties, Rights, parse_rights, policy_of
from listings.states import SignatureLevel
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .commissions.terms import parse_commission, state_commission
from .library.composition import Entry
from .library.special import parse_special
from .renewing.terms import parse_renewal, state_renewal
from .states import OPEN_DAYS, RESPONSE_DAYS

NUMBERS = {
    # Far below the largest integer that canonical JSON (RFC 8785) represents exactly.
    "price_minor": (0, 1_000_000_000_000),
    "funding_days": (0, 30),
    "inspection_days": (1, 60),
    "open_days": OPEN_DAYS,
}
DEFAULTS: dict[str, Any] = {
    "open_days": RESPONSE_DAYS,
    "withdrawal_reserved": False,
    "ending": {},
    "charging": None,
    "commission": None,
    "signature_level": SignatureLevel.MARKET_SIDE.value,
    "special_clauses": [],
    "renewal": None,
}
"""What a published offer does not state: a listing is an invitation, and only a proposal that is signed stays open."""
CHOICES = ("withdrawal_reserved", "signature_level")
"""Terms that are neither numbers nor rights."""
FIXED_TERMS = ("currency", "tax_category")
"""Terms that the published offer fixes: the currency of its price, and the tax category that the law requires."""

FIXED_BY_OFFER = Label(
    "the published offer fixes this term; it cannot be negotiated",
    "公開されたオファーで定められており、交渉できません",
)
NO_TERM = Label("unknown term of a contract; remove it", "この項目は取引条件ではありません")


@dataclass(frozen=True, slots=True)
class Terms:
    """Price, deadlines and rights of use. ``price_minor`` is without tax, in minor units of ``currency``: of the whole, or of a period if
    ``charging`` says so.

    ``funding_days``: bank business days from the agreement within which the buyer pays in. ``inspection_days``:
    calendar days from a matched receipt within which the buyer inspects, up to the next business day if the last one
    is a closed day; after that the data counts as accepted. ``open_days``: calendar days from the seller's signature until the
    end of which the buyer may sign; meanwhile the seller may withdraw its signed proposal only on a reserved ground, or
    anyway if ``withdrawal_reserved``. ``ending``: whether a party may end the contract by notice, of how many calendar days, and
    what then comes back (``ending_terms``). The first day is not counted in any. ``commission``: work that is made to order, with what the
    laws say of it (``commissions.terms``); None for what is not. ``signature_level`` is what both parties' signatures must be.
    ``special_clauses``: entries of ``library.special``, in order. ``renewal``: whether it goes on after its term (``renewing.terms``), or None.
    """

    price_minor: int
    currency: str
    tax_category: str
    funding_days: int
    inspection_days: int
    rights: Rights
    open_days: int = RESPONSE_DAYS
    withdrawal_reserved: bool = False
    signature_level: str = SignatureLevel.MARKET_SIDE.value
    ending: Mapping[str, Any] = field(default_factory=lambda: dict(NO_ENDING))
    charging: ChargingTerms = field(default_factory=ChargingTerms)
    special_clauses: tuple[Entry, ...] = ()
    commission: Mapping[str, Any] | None = None
    renewal: Mapping[str, Any] | None = None

    @property
    def total_minor(self) -> int:
        """What all charges come to, without tax, in minor units."""
        return self.charging.total_minor(self.price_minor)

    def as_dict(self) -> dict[str, Any]:
        """Every term by name, in JSON types; ``renewal`` only where there is one."""
        return {
            "price_minor": self.price_minor,
            "currency": str(self.currency),
            "tax_category": str(self.tax_category),
            "funding_days": self.funding_days,
            "inspection_days": self.inspection_days,
            "rights": self.rights.as_dict(),
            "open_days": self.open_days,
            "withdrawal_reserved": self.withdrawal_reserved,
            "ending": dict(self.ending),
            "charging": self.charging.as_dict(),
            "commission": None if self.commission is None else dict(self.commission),
            "signature_level": str(self.signature_level),
            "special_clauses": [dict(entry) for entry in self.special_clauses],
            **({} if self.renewal is None else {"renewal": dict(self.renewal)}),
        }

    def policy(self, *, identifier: str, parties: Parties) -> dict[str, Any]:
        """The terms of use as an ODRL 2.2 Offer, or with an assignee an Agreement. ``identifier`` is its IRI."""
        return policy_of(
            self.rights,
            price_minor=self.total_minor,
            currency=self.currency,
            identifier=identifier,
            parties=parties,
        )


def parse_terms(stored: Mapping[str, Any]) -> Terms:
    """Terms from ``as_dict`` or from an offer; raises FieldInvalid."""
    stored = {**DEFAULTS, **stored}
    for name, (lowest, highest) in NUMBERS.items():
        _check_number(name, stored[name], lowest, highest)
    for name in CHOICES:
        CHECKS[name](stored[name])
    return Terms(
        **{name: stored[name] for name in (*NUMBERS, *FIXED_TERMS, *CHOICES)},
        rights=parse_rights(stored["rights"], prefix="terms.rights"),
        ending=parse_ending(stored["ending"]),
        charging=parse_charging(stored["charging"], prefix="terms.charging"),
        special_clauses=parse_special(stored["special_clauses"]),
        commission=parse_commission(stored["commission"]),
        renewal=parse_renewal(stored["renewal"]),
    )


def revise_terms(current: Terms, changes: Mapping[str, Any] | None) -> Terms:
    """The terms after ``changes``: omitted terms stay, and so do omitted choices of ``rights``; ``charging``, ``special_clauses``,
    ``commission`` and ``renewal`` are stated anew.

    Raises FieldInvalid, which names the field as ``terms.<name>``.
    """
    if not changes:
        return current
    known = {
        *NUMBERS,
        *FIXED_TERMS,
        *CHOICES,
        "ending",
        "rights",
        "charging",
        "special_clauses",
        "commission",
        "renewal",
    }
    for name in sorted(set(changes) - known):
        raise FieldInvalid(f"terms.{name}", NO_TERM)
    for name in FIXED_TERMS:
        if name in changes and changes[name] != getattr(current, name):
            raise FieldInvalid(f"terms.{name}", FIXED_BY_OFFER)
    changed: dict[str, Any] = {name: changes[name] for name in (*NUMBERS, *CHOICES) if name in changes}
    for name, value in changed.items():
        if name in NUMBERS:
            _check_number(name, value, *NUMBERS[name])
        else:
            CHECKS[name](value)
    if "ending" in changes:
        changed["ending"] = parse_ending(changes["ending"], current.ending)
    if "special_clauses" in changes:
        changed["special_clauses"] = parse_special(changes["special_clauses"], is_new=True)
    if "commission" in changes:
        changed["commission"] = state_commission(changes["commission"])
    rights = current.rights
    if "rights" in changes:
        if not isinstance(changes["rights"], Mapping):
            raise FieldInvalid(
                "terms.rights", Label("specify an object of choices", "選択項目のオブジェクトにしてください")
            )
        rights = parse_rights({**rights.as_dict(), **changes["rights"]}, prefix="terms.rights")
    if "renewal" in changes:
        changed["renewal"] = state_renewal(changes["renewal"], rights, current.renewal)
    charging = current.charging
    if "charging" in changes:
        charging = _recharged(charging, changes["charging"])
    return replace(current, **changed, rights=rights, charging=charging)


def _recharged(current: ChargingTerms, stated: Any) -> ChargingTerms:
    """Terms of charging that are stated anew; who shares in the proceeds stays as the published offer says."""
    wanted = parse_charging(stated, prefix="terms.charging")
    if wanted.shares not in ((), current.shares):
        raise FieldInvalid("terms.charging.shares", FIXED_BY_OFFER)
    return replace(wanted, shares=current.shares)


def _check_reserved(value: Any) -> None:
    if not isinstance(value, bool):
        raise FieldInvalid(
            "terms.withdrawal_reserved", Label("specify true or false", "true か false を指定してください")
        )


def _check_level(value: Any) -> None:
    if value not in SignatureLevel.values:
        known = ", ".join(SignatureLevel.values)
        raise FieldInvalid(
            "terms.signature_level",
            Label(f"specify one of {known}", f"次のいずれかを指定してください: {known}"),
        )


CHECKS = {"withdrawal_reserved": _check_reserved, "signature_level": _check_level}
"""What checks each of ``CHOICES``; raises FieldInvalid."""


def _check_number(name: str, value: Any, lowest: int, highest: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise FieldInvalid(
            f"terms.{name}",
            Label(
                f"specify a whole number from {lowest} to {highest:,}",
                f"{lowest}から{highest:,}までの整数にしてください",
            ),
        )
