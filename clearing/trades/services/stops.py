"""Stops the charges of an agreement after the last day of access that ends early, before a period begins without it."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Max

from listings.states import PERIODIC, Charging
from marketplace.evidence.services import record
from marketplace.kernel.actors import Actor

from ..models import Trade
from .charge_plans import locked_progress


@transaction.atomic
def stop_charges(
    *, actor: Actor, agreement: str, ending: str, last_day: date, ends_instalments: bool = False
) -> bool:
    """Charge no period of an agreement that is due after ``last_day``, with which access ends; False if it is not charged a period.

    A period that began while this was on its way is returned when access ends (``endings.return_undelivered``): then the charges stop
    after its day. Instalments pay for what was delivered, so they do not stop here, unless the seller gives the notice
    (``ends_instalments``): it does not collect later ones for what it ends.
    """
    stopped = (*PERIODIC, Charging.INSTALMENT) if ends_instalments else PERIODIC
    progress = locked_progress(agreement)
    if progress is None or progress.ended_at is not None or progress.plan.charging not in stopped:
        return False
    begun = Trade.objects.filter(agreement=agreement).aggregate(last=Max("charge"))["last"] or 1
    begun_on = progress.plan.planned.filter(charge=begun, charge__gt=1).values_list("due_on", flat=True)
    progress.stops_after = max([last_day, *begun_on])
    progress.save(update_fields=["stops_after"])
    record(
        kind="clearing.charges_stopped",
        subject=agreement,
        actor=actor,
        payload={"ending": ending, "last_day": last_day.isoformat()},
    )
    return True


@transaction.atomic
def resume_charges(*, actor: Actor, agreement: str, ending: str) -> bool:
    """Charge further periods of an agreement, because what would have ended it early was dropped; False if nothing had stopped."""
    progress = locked_progress(agreement)
    if progress is None or progress.stops_after is None or progress.ended_at is not None:
        return False
    progress.stops_after = None
    progress.save(update_fields=["stops_after"])
    record(kind="clearing.charges_resumed", subject=agreement, actor=actor, payload={"ending": ending})
    return True
