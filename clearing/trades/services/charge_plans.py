"""Makes charge plans with their shares, and locks the progress of charging."""

from __future__ import annotations

from datetime import date, datetime

from listings.charging import PlannedPart, fault_of, plan_of
from listings.states import Charging
from marketplace.events.schemas.contracts import AgreementConcluded, Beneficiary
from marketplace.evidence.services import record
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.clock import business_date
from marketplace.kernel.money import BASIS_POINTS
from marketplace.participants.queries import OrganisationView, organisations_by_public_id

from ...ground.bulk import insert_columns
from ...ground.parties import party_key
from ..charge_models import ChargePlan, ChargeProgress
from ..errors import ChargingFaulty


def make_plan(
    *,
    agreement: AgreementConcluded,
    parties: tuple[OrganisationView, OrganisationView],
    concluded_at: datetime,
    pooled: bool,
) -> int:
    """Make the charge plan of an agreement, unless it is a plain price paid at once; returns the first price.

    ``pooled``: a pool stands behind the listing, whose members divide the price; where the agreement names beneficiaries it began after.

    Raises ChargingFaulty for terms that cannot be carried out; nothing is recorded then.
    """
    first_from = _first_day(agreement, concluded_at)
    fault = fault_of(
        charging=agreement.charging,
        charges=agreement.charges,
        period_months=agreement.period_months,
        price_minor=agreement.price_minor,
        commissioned=agreement.commissioned,
    )
    if fault:
        raise ChargingFaulty(agreement=agreement.agreement, what=fault)
    beneficiaries = _beneficiaries(agreement, parties)
    is_plain = agreement.charging == Charging.ONE_OFF and not beneficiaries and not agreement.commissioned
    if is_plain and not pooled:
        return agreement.price_minor
    parts = plan_of(
        charging=agreement.charging,
        price_minor=agreement.price_minor,
        charges=agreement.charges,
        period_months=agreement.period_months,
        first_from=first_from,
    )
    plan = ChargePlan.objects.create(
        agreement=agreement.agreement,
        charging=agreement.charging,
        charges=agreement.charges,
        period_months=agreement.period_months,
        price_minor=agreement.price_minor,
        currency=agreement.currency,
        funding_days=agreement.funding_days,
        pooled=pooled and not beneficiaries,
        concluded_at=concluded_at,
    )
    write_charges(plan, parts)
    if beneficiaries:
        _write_shares(plan, beneficiaries)
    record(
        kind="clearing.plan_made",
        subject=plan.agreement,
        actor=SYSTEM,
        payload={
            "buyer": agreement.buyer,
            "seller": agreement.seller,
            "charging": plan.charging,
            "charges": plan.charges,
            "price_minor": plan.price_minor,
            "currency": plan.currency,
            "shares": {view.public_id: share.share_bp for view, share in beneficiaries},
        },
    )
    ChargeProgress.objects.create(
        plan=plan, next_charge=2, next_due_on=parts[1].due_on if len(parts) > 1 else None
    )
    return parts[0].price_minor


def _first_day(agreement: AgreementConcluded, concluded_at: datetime) -> date:
    if agreement.first_period_from is None:
        return business_date(concluded_at)
    try:
        return date.fromisoformat(agreement.first_period_from)
    except ValueError:
        raise ChargingFaulty(
            agreement=agreement.agreement, what=f"{agreement.first_period_from} is not a date"
        ) from None


def _beneficiaries(
    agreement: AgreementConcluded, parties: tuple[OrganisationView, OrganisationView]
) -> list[tuple[OrganisationView, Beneficiary]]:
    """Beneficiaries and shares, ordered by their keys in hashes. Raises ChargingFaulty."""
    shares = {share.organisation: share for share in agreement.beneficiaries}
    known = organisations_by_public_id(shares)
    if len(shares) != len(agreement.beneficiaries):
        raise ChargingFaulty(agreement=agreement.agreement, what="a beneficiary is named twice")
    if sum(share.share_bp for share in agreement.beneficiaries) > BASIS_POINTS:
        raise ChargingFaulty(agreement=agreement.agreement, what="the shares exceed the whole")
    for name, share in shares.items():
        view = known.get(name)
        if view is None:
            raise ChargingFaulty(agreement=agreement.agreement, what=f"{name} is unknown")
        if view.is_operator or view.affiliate or view.id in {party.id for party in parties}:
            raise ChargingFaulty(
                agreement=agreement.agreement, what=f"{name} is a party, the operator or its affiliate"
            )
        if share.share_bp < 1:
            raise ChargingFaulty(agreement=agreement.agreement, what=f"the share of {name} is zero")
    return sorted(
        ((known[name], share) for name, share in shares.items()), key=lambda pair: party_key(pair[0])
    )


def first_day_of(plan: ChargePlan) -> date:
    """The day from which the periods of a plan count: that on which its first charge was planned."""
    return plan.planned.get(charge=1, version=1).due_on


def write_charges(plan: ChargePlan, parts: list[PlannedPart], *, version: int = 1) -> None:
    """Insert all charges in one statement, so that the database checks them as one plan, or as what a version changes of it."""
    insert_columns(
        "clearing_plannedcharge",
        {
            "plan_id": ("bigint", [plan.pk] * len(parts)),
            "charge": ("integer", [part.charge for part in parts]),
            "version": ("smallint", [version] * len(parts)),
            "price_minor": ("bigint", [part.price_minor for part in parts]),
            "due_on": ("date", [part.due_on for part in parts]),
            "period_from": ("date", [part.period_from for part in parts]),
            "period_until": ("date", [part.period_until for part in parts]),
        },
    )


def _write_shares(plan: ChargePlan, shares: list[tuple[OrganisationView, Beneficiary]]) -> None:
    insert_columns(
        "clearing_plannedshare",
        {
            "plan_id": ("bigint", [plan.pk] * len(shares)),
            "organisation_id": ("bigint", [view.id for view, _ in shares]),
            "beneficiary_key": ("text", [party_key(view) for view, _ in shares]),
            "share_bp": ("integer", [share.share_bp for _, share in shares]),
        },
    )


def locked_progress(agreement: str) -> ChargeProgress | None:
    """The progress of an agreement's charging, locked until the transaction ends; None for a plain price.

    Lock order: a service that decides about several trades of an agreement locks this first, then the trades.
    """
    return (
        ChargeProgress.objects.select_for_update(no_key=True, of=("self",))
        .select_related("plan")
        .filter(plan__agreement=agreement)
        .first()
    )


def progress_of(agreement: str) -> ChargeProgress | None:
    """The progress without a lock, for a caller that has locked a trade of the agreement."""
    return ChargeProgress.objects.select_related("plan").filter(plan__agreement=agreement).first()
