"""Taking hold of one delivery: its entitlement's row lock, and its latest inspection read under that lock."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q

from delivery.access import refusal
from delivery.errors import InspectionOver, NotTheBuyer
from delivery.models import EntitledDistribution, Entitlement, Inspection
from delivery.queries import is_payment_overdue
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import DomainError, Missing

KIND = "delivery"


@dataclass(slots=True)
class Delivery:
    """An entitlement and the inspection of its latest round."""

    entitlement: Entitlement
    inspection: Inspection

    def refusal(self) -> DomainError | None:
        """Why nothing may be fetched at this moment, or None."""
        now = clock.now()
        is_overdue = is_payment_overdue(self.entitlement, now)
        return refusal(self.entitlement, self.inspection, now, is_overdue=is_overdue)

    def require_open(self, inspection_id: int) -> None:
        """Raise unless access is open, in the round of the inspection with this database key."""
        refused = self.refusal()
        if refused is not None:
            raise refused
        if self.inspection.pk != inspection_id:
            raise InspectionOver(entitlement=self.entitlement.public_id, state_now="repeated")

    def distribution(self, identifier: str) -> EntitledDistribution:
        """The covered file of a listing's identifier; raises Missing."""
        row = EntitledDistribution.objects.filter(
            entitlement=self.entitlement, distribution=identifier
        ).first()
        if row is None:
            raise Missing(kind="distribution", identifier=identifier)
        return row


def read_visible_delivery(*, entitlement: str, actor: Actor) -> Delivery:
    """The delivery as it is committed now, without a lock; raises Missing where the actor may not see it."""
    row = Entitlement.objects.filter(public_id=entitlement).first()
    return _with_inspection(_visible(row, entitlement=entitlement, actor=actor))


def read_deliveries(entitlement_ids: Collection[int]) -> dict[int, Delivery]:
    """The deliveries of database keys as they are committed now, without locks, in two queries."""
    entitlements = Entitlement.objects.in_bulk(entitlement_ids)
    latest = Inspection.objects.filter(entitlement__in=entitlements).order_by("entitlement_id", "-round")
    return {
        inspection.entitlement_id: Delivery(entitlements[inspection.entitlement_id], inspection)
        for inspection in latest.distinct("entitlement_id")
    }


def lock_delivery(*, entitlement: str, actor: Actor) -> Delivery:
    """The delivery, locked until the transaction ends; raises Missing where the actor may not see it."""
    row = _locked(Q(public_id=entitlement))
    return _with_inspection(_visible(row, entitlement=entitlement, actor=actor))


def lock_delivery_where(condition: Q, *, skip_locked: bool = False) -> Delivery | None:
    """The one delivery that meets ``condition``, locked; None if there is none, or it is held and may be skipped."""
    row = _locked(condition, skip_locked=skip_locked)
    return _with_inspection(row) if row else None


def _locked(condition: Q, *, skip_locked: bool = False) -> Entitlement | None:
    """Without key: rows that refer to the entitlement may be added by others meanwhile, decisions may not."""
    rows = Entitlement.objects.select_for_update(no_key=True, skip_locked=skip_locked, of=("self",))
    return rows.filter(condition).first()


def _visible(row: Entitlement | None, *, entitlement: str, actor: Actor) -> Entitlement:
    if row is None:
        raise Missing(kind=KIND, identifier=entitlement)
    actor.require_scope(row.buyer_id, row.seller_id, kind=KIND, identifier=entitlement)
    return row


def _with_inspection(row: Entitlement) -> Delivery:
    return Delivery(row, Inspection.objects.filter(entitlement=row).latest("round"))


def require_buyer(actor: Actor, entitlement: Entitlement) -> None:
    """Raise NotTheBuyer for everybody else, the operator and the system included."""
    if actor.organisation_id != entitlement.buyer_id:
        raise NotTheBuyer(entitlement=entitlement.public_id)
