"""Changes the coming charges of an agreement as a version of it says."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max

from contracts.amending.queries import last_version
from listings.charging import plan_of
from listings.states import PERIODIC
from marketplace.events.schemas.contracts import AgreementAmended
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor

from ..charge_models import ChargeAmendment, ChargePlan, ChargeProgress, PlannedCharge
from .charge_plans import first_day_of, locked_progress, write_charges


def planned_charge(plan: ChargePlan, charge: int) -> PlannedCharge | None:
    """A charge as the last version that states it says; None where the agreement has no such charge any more."""
    last = ChargeAmendment.objects.filter(plan=plan).order_by("-version").first()
    if last is not None and charge > last.charges:
        return None
    rows = PlannedCharge.objects.select_related("plan").filter(plan=plan, charge=charge)
    return rows.order_by("-version").first()


def funding_days_of(planned: PlannedCharge) -> int:
    """Within how many bank business days a charge is paid in, as the version that it follows says."""
    amended = ChargeAmendment.objects.filter(plan=planned.plan_id, from_charge__lte=planned.charge)
    found = amended.order_by("-version").values_list("funding_days", flat=True).first()
    return planned.plan.funding_days if found is None else found


def is_behind(plan: ChargePlan) -> bool:
    """Whether a version of the agreement was signed that has not changed the plan yet: its event is on its way."""
    known = ChargeAmendment.objects.filter(plan=plan).aggregate(last=Max("version"))["last"] or 1
    return last_version(plan.agreement) > int(known)


def await_charge(progress: ChargeProgress, charge: int) -> None:
    """Have a charge be the next of an agreement whose progress is locked; none is due where there is no such charge."""
    following = planned_charge(progress.plan, charge)
    progress.next_charge = charge
    progress.next_due_on = following.due_on if following else None
    progress.save(update_fields=["next_charge", "next_due_on"])


@transaction.atomic
def amend_charges(*, actor: Actor, event: AgreementAmended) -> ChargeAmendment | None:
    """Change the coming charges as a version says, once; None for a price that is paid at once."""
    progress = locked_progress(event.agreement)
    if progress is None:
        return None
    plan = progress.plan
    known = ChargeAmendment.objects.filter(plan=plan, version=event.number).first()
    if known is not None:
        return known
    amendment = ChargeAmendment.objects.create(
        plan=plan,
        version=event.number,
        from_charge=event.from_charge,
        charges=event.charges,
        price_minor=event.price_minor,
        funding_days=event.funding_days,
        amended_at=clock.now(),
    )
    if plan.charging in PERIODIC and event.from_charge <= event.charges:
        parts = plan_of(
            charging=plan.charging,
            price_minor=event.price_minor,
            charges=event.charges,
            period_months=plan.period_months,
            first_from=first_day_of(plan),
        )
        write_charges(plan, parts[event.from_charge - 1 :], version=event.number)
    await_charge(progress, progress.next_charge)
    record(
        kind="clearing.charges_amended",
        subject=event.agreement,
        actor=actor,
        payload={
            "version": event.number,
            "from_charge": event.from_charge,
            "charges": event.charges,
            "price_minor": event.price_minor,
            "funding_days": event.funding_days,
        },
    )
    return amendment
