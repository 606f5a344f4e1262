"""Compiles the terms of a contract into the plan that is signed and executed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from listings.charging_terms import require_chargeable, require_paid_within_periods
from listings.ending import require_divisible
from listings.rights import JUDGED_AT_ACCESS, Rights, require_feasible
from listings.rights.choices import DisclosureScope, Permissibility, Purpose

from ..commissions.law import PAYMENT_DAYS
from ..commissions.terms import is_by_law, require_lawful
from ..disputing.rules import ANSWER_DAYS, DECISION_DAYS, DISPUTE_DAYS, REMEDY_DAYS
from ..law.terms import require_lawful_terms
from ..renewing.states import RenewalKind
from ..renewing.terms import is_automatic, require_renewable
from ..terms import Terms
from .endings import ENDINGS
from .model import (
    VERSION,
    Acceptance,
    Access,
    Charge,
    Commission,
    Deadline,
    Ends,
    Kept,
    Money,
    Plan,
    Receipt,
    Stop,
    read_plan,
)

DEEMED_MINUTES = 10
"""So long the buyer's own report of a receipt is waited for once every file was sent as a whole."""

NOTICES = {
    RenewalKind.AUTOMATIC.value: ("refuse_renewal", "renewed"),
    RenewalKind.BY_AGREEMENT.value: ("agree_on_renewal", "ended_with_term"),
}
"""What a party does before the end of the term by each kind of renewal, and what follows otherwise."""

ENFORCED = JUDGED_AT_ACCESS | {"valid_until", "duration", "onward_transfer", "exclusive"}
"""The limits of rights that the market's programs keep, as ``words.KEPT_BY`` says; a buyer promises to keep the others."""


def compile_plan(
    terms: Terms, *, at: datetime, zone: ZoneInfo, law: Sequence[Mapping[str, Any]] = ()
) -> Plan:
    """The plan of an agreement over ``terms`` that is concluded at ``at``, if it can be carried out under ``law``, the unlawful terms of
    the rulebook in its segment.

    The plan itself knows no moment of conclusion, so the same terms always give the same plan. Asked at each proposal and at both
    signatures; when an offer is made and published, listings asks the same of its own terms. Raises FieldInvalid, which names the term
    that cannot be carried out as ``terms.<name>``.
    """
    require_feasible(terms.rights, funding_days=terms.funding_days, now=at, zone=zone, prefix="terms.rights")
    require_chargeable(
        terms.charging, terms.price_minor, terms.rights, now=at, zone=zone, prefix="terms.charging"
    )
    require_paid_within_periods(terms.charging, terms.funding_days, now=at, zone=zone, prefix="terms")
    require_divisible(terms.ending, terms.charging.kind, has_end=terms.rights.has_end, prefix="terms.ending")
    require_lawful(
        terms.commission,
        funding_days=terms.funding_days,
        inspection_days=terms.inspection_days,
        charging=terms.charging.kind,
        ending=terms.ending,
        now=at,
        zone=zone,
    )
    require_renewable(terms, at=at, zone=zone)
    require_lawful_terms(terms.as_dict(), law)
    return build_plan(terms)


def build_plan(terms: Terms) -> Plan:
    """The plan of any terms, whether or not it can still be carried out."""
    rights, charges = terms.rights, _charges(terms)
    return Plan(
        version=VERSION,
        access=Access(
            begins="secured",
            ends=Ends(valid_until=rights.valid_until, duration=rights.duration),
            stands_still=("suspension", "redelivery", "outage"),
        ),
        receipt=Receipt(by=("matching_hash", "deemed"), deemed_minutes=DEEMED_MINUTES),
        acceptance=Acceptance(
            inspection_days=terms.inspection_days,
            by=("buyer", "lapse", "dismissal"),
            stands_still=("halt", "suspension", "outage"),
        ),
        money=Money(
            price_minor=terms.price_minor,
            currency=str(terms.currency),
            tax_category=str(terms.tax_category),
            funding_days=terms.funding_days,
            charging=terms.charging.kind,
            period_months=terms.charging.period_months,
            first_period_from=terms.charging.first_period_from,
            released="period_end" if terms.charging.is_periodic else "acceptance",
            unit_price_minor=terms.charging.unit_price_minor,
            charges=charges,
            metering=terms.charging.metering.as_dict() if terms.charging.metering else None,
            shares=tuple(terms.charging.as_dict().get("shares", ())) or None,
            adjustments=terms.charging.adjustments or None,
        ),
        endings=tuple(rule.ending(terms) for rule in ENDINGS),
        stops=tuple(_stops(terms, charges)),
        deadlines=tuple(_deadlines(terms)),
        rights=_kept(rights),
        commission=_commission(terms),
        renewal=terms.renewal,
    )


def plan_of(said: Mapping[str, Any]) -> Plan:
    """The plan of a signed object."""
    return read_plan(said["plan"])


def _charges(terms: Terms) -> tuple[Charge, ...]:
    """The charges as clearing makes them; their days are known where the terms state the first.

    The first is due at the conclusion in any case, because access begins when it is secured.
    """
    charging = terms.charging
    # Any day will do where none is stated: then only the months after it are taken.
    parts = charging.parts(terms.price_minor, date(2000, 1, 1))
    is_dated = charging.first_period_from is not None
    return tuple(
        Charge(
            charge=part.charge,
            price_minor=part.price_minor,
            due_on=part.due_on.isoformat() if is_dated and part.charge > 1 else None,
            months=0 if is_dated else (part.charge - 1) * charging.period_months,
        )
        for part in parts
    )


def _commission(terms: Terms) -> Commission | None:
    """What the laws on commissioned work demand, where one applies or it is not known that none does."""
    commission = terms.commission
    if commission is None or not is_by_law(commission):
        return None
    findings = commission["findings"]
    applying = tuple(finding["law"] for finding in findings if finding["applies"] is True)
    return Commission(
        laws=applying or tuple(finding["law"] for finding in findings if finding["applies"] is None),
        payment_days=PAYMENT_DAYS,
        holiday_shift=commission["holiday_shift"],
    )


def _stops(terms: Terms, charges: tuple[Charge, ...]) -> Iterator[Stop]:
    yield Stop("seller", "withdraw_freely" if terms.withdrawal_reserved else "withdraw_on_grounds")
    yield Stop("buyer", "dispute")
    yield Stop("buyer", "dispute_accepted")
    yield Stop("seller", "dispute_use")
    yield Stop("operator", "suspend_access")
    yield Stop("operator", "halt_trading")
    if len(charges) > 1:
        yield Stop("market", "close_unpaid")
    if is_automatic(terms):
        yield Stop("party", "refuse_renewal")


def _deadlines(terms: Terms) -> Iterator[Deadline]:
    yield Deadline("sign", "buyer", terms.open_days, "days", "seller_signed", "task", "lapsed")
    yield Deadline("pay_in", "buyer", terms.funding_days, "bank_days", "due", "task", "payment_failed")
    yield Deadline("collect", "buyer", None, "days", "access_began", "task", "not_collected")
    yield Deadline("report", "buyer", DEEMED_MINUTES, "minutes", "all_sent", "none", "deemed")
    yield Deadline("inspect", "buyer", terms.inspection_days, "days", "receipt", "task", "accepted")
    yield Deadline("dispute", "buyer", DISPUTE_DAYS, "days", "acceptance", "none", "no_dispute")
    yield Deadline("answer_dispute", "respondent", ANSWER_DAYS, "days", "dispute_opened", "task", "silent")
    yield Deadline("decide_dispute", "operator", DECISION_DAYS, "days", "dispute_opened", "task", "escalated")
    yield Deadline("carry_out", "market", REMEDY_DAYS, "days", "dispute_ended", "none", "escalated")
    if terms.renewal is not None:
        days, kind = terms.renewal["notice_days"], terms.renewal["kind"]
        what, then = NOTICES[kind]
        yield Deadline(what, "party", days, "days_before", "end_of_term", "task", then)


def _kept(rights: Rights) -> Kept:
    limits = tuple(_limits(rights))
    return Kept(
        enforced=tuple(name for name in limits if name in ENFORCED),
        promised=tuple(name for name in limits if name not in ENFORCED),
    )


def _limits(rights: Rights) -> Iterator[str]:
    """The choices that limit the use or demand something of the buyer."""
    unlimited: tuple[Any, ...] = (None, False, [], DisclosureScope.UNRESTRICTED, Permissibility.PERMITTED)
    for name, value in rights.as_dict().items():
        if name != "contract_type" and value not in unlimited and value != [Purpose.UNRESTRICTED]:
            yield name
