"""Grant and end the buyer's access."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.db.models import Q

from contracts.amending.access_terms import last_signed
from contracts.disputing.queries import stop_of_use
from delivery.errors import NothingToDeliver
from delivery.models import AwaitedPayment, EntitledDistribution, Entitlement, Inspection
from delivery.states import (
    ENTITLEMENT,
    INSPECTION,
    OPEN_INSPECTIONS,
    EndedReason,
    EntitlementState,
    InspectionState,
)
from listings import queries as listings
from marketplace.events.schemas.delivery import DeliveryEnded, DeliveryGranted
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.states import advance
from marketplace.notices.operator_tasks import finish_for_operator
from marketplace.notices.states import TaskKind
from marketplace.participants import queries as participants

from .locking import Delivery, lock_delivery_where
from .suspensions import stop_access

CANCELLED: Final = {
    EndedReason.EXPIRED.value: (),
    EndedReason.TERMINATED.value: (InspectionState.AWAITING,),
    EndedReason.REFUNDED.value: OPEN_INSPECTIONS,
    EndedReason.NOT_COLLECTED.value: OPEN_INSPECTIONS,
}
"""By the reason for the end of access: the states of an inspection that is cancelled with it (``contracts.plan.endings``)."""
RECEIVED: Final = (InspectionState.RUNNING, InspectionState.DISPUTED, InspectionState.ACCEPTED)
"""The states of an inspection by which a delivery was received, and is or will be decided."""

_PAYMENT_DUE_BY = """
    (SELECT min(secure_by) FROM delivery_awaitedpayment WHERE agreement = %(agreement)s AND secured_at IS NULL)
"""
"""The earliest payment deadline of an agreement's charges that are not yet secured."""
_STANDING = f"SELECT (SELECT id FROM delivery_entitlement WHERE trade = %(trade)s), {_PAYMENT_DUE_BY}"  # noqa: S608  our own words


@dataclass(frozen=True, slots=True, kw_only=True)
class SecuredTrade:
    """A secured trade: public identifiers, and its trade.secured event."""

    trade: str
    agreement: str
    listing: str
    listing_version: str
    buyer: str
    seller: str
    secured_event: str


@transaction.atomic
def grant_access(*, actor: Actor, secured: SecuredTrade) -> Entitlement:
    """Grant access to the files of a trade, as the signed plan says; a trade that already has access is skipped.

    Records the files, begins the first inspection, and emits ``delivery.granted``. Where the signed rights have ended by now, after a
    halt for example, access never starts: it ends as never collected (``delivery.ended``), so that the price goes back. Where a dispute has
    stopped the use before, access begins stopped. Raises
    NothingToDeliver, Missing (a party is unknown); the database refuses a trade that is not secured.
    """
    actor.require_system()
    existing, payment_due_by = _standing(secured)
    if existing is not None:
        return Entitlement.objects.get(pk=existing)
    files = listings.distributions(secured.listing_version)
    if not files:
        raise NothingToDeliver(listing_version=secured.listing_version)
    now = clock.now()
    signed = last_signed(secured.agreement)
    plan, concluded_at = signed.plan, signed.concluded_at
    buyer, seller = participants.get_organisations((secured.buyer, secured.seller))
    entitlement = Entitlement.objects.create(
        trade=secured.trade,
        agreement=secured.agreement,
        listing=secured.listing,
        listing_version=secured.listing_version,
        buyer_id=buyer.id,
        seller_id=seller.id,
        buyer_identifier=secured.buyer,
        seller_identifier=secured.seller,
        inspection_days=plan.acceptance.inspection_days,
        secured_event=secured.secured_event,
        granted_at=now,
        expires_at=plan.access.ends_at(concluded_at, clock.market_zone()),
        expires_latest=plan.access.ends_latest(concluded_at, clock.market_zone()),
        version=signed.number,
        closes_at=signed.closes_at,
        payment_due_by=payment_due_by,
    )
    EntitledDistribution.objects.bulk_create(
        EntitledDistribution(
            entitlement=entitlement,
            distribution=file.public_id,
            file_name=file.file_name,
            media_type=file.media_type,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            sha512=file.sha512,
        )
        for file in files
    )
    inspection = Inspection.objects.create(entitlement=entitlement, opened_at=now)
    if over := _over_by(entitlement, now):
        end_access(actor=actor, delivery=Delivery(entitlement, inspection), reason_code=over)
        return entitlement
    advance(entitlement, ENTITLEMENT, command="start", role="system")
    record(
        kind="delivery.granted",
        subject=entitlement.public_id,
        actor=actor,
        payload={
            "agreement": secured.agreement,
            "trade": secured.trade,
            "listing_version": secured.listing_version,
            "secured_event": secured.secured_event,
            "sha256": {file.public_id: file.sha256 for file in files},
        },
    )
    emit_granted(Delivery(entitlement, inspection))
    if dispute := stop_of_use(secured.agreement):
        stop_access(Delivery(entitlement, inspection), actor=actor, dispute=dispute)
    return entitlement


def _over_by(entitlement: Entitlement, now: datetime) -> EndedReason | None:
    """Why access that was granted late never starts; None if it does."""
    if entitlement.closes_at is not None and entitlement.closes_at <= now:
        return EndedReason.TERMINATED
    if entitlement.expires_at is not None and entitlement.expires_at <= now:
        return EndedReason.NOT_COLLECTED
    return None


def _standing(secured: SecuredTrade) -> tuple[int | None, datetime | None]:
    """The key of the entitlement of a trade, if there is one, and the payment deadline of its agreement, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"trade": secured.trade, "agreement": secured.agreement})
        existing, payment_due_by = cursor.fetchone()
    return existing, payment_due_by


def emit_granted(delivery: Delivery) -> None:
    """Emit ``delivery.granted`` for a delivery that the buyer can now download, for the first time or again."""
    entitlement = delivery.entitlement
    emit(
        DeliveryGranted(
            entitlement=entitlement.public_id,
            agreement=entitlement.agreement,
            trade=entitlement.trade,
            buyer=entitlement.buyer_identifier,
            seller=entitlement.seller_identifier,
            expires_at=entitlement.expires_at.isoformat() if entitlement.expires_at else None,
        )
    )


@transaction.atomic
def await_payment(
    *, actor: Actor, trade: str, agreement: str, secure_by: datetime, made_at: datetime
) -> None:
    """Record the payment deadline of a later charge, made at ``made_at``: unless secured, access closes at ``secure_by``."""
    actor.require_system()
    AwaitedPayment.objects.get_or_create(
        trade=trade, defaults={"agreement": agreement, "secure_by": secure_by, "halts_counted_until": made_at}
    )
    _update_payment_due(agreement)


@transaction.atomic
def extend_payment(
    *, actor: Actor, trade: str, agreement: str, secure_by: datetime, extended_at: datetime
) -> None:
    """Move the payment deadline of a later charge, in which halts were counted until ``extended_at``."""
    actor.require_system()
    AwaitedPayment.objects.filter(trade=trade, secure_by__lt=secure_by).update(
        secure_by=secure_by, halts_counted_until=extended_at
    )
    _update_payment_due(agreement)


@transaction.atomic
def record_payment(*, actor: Actor, trade: str, agreement: str) -> None:
    """Record that a later charge is secured, so access continues; does nothing if no payment is awaited."""
    actor.require_system()
    AwaitedPayment.objects.filter(trade=trade, secured_at=None).update(secured_at=clock.now())
    _update_payment_due(agreement)


def _update_payment_due(agreement: str) -> None:
    keys = Entitlement.objects.filter(agreement=agreement, ended_at=None).order_by("pk")
    for key in keys.values_list("pk", flat=True):
        delivery = lock_delivery_where(Q(pk=key))
        if delivery is not None:
            Entitlement.objects.filter(pk=key).update(payment_due_by=_payment_due_by(agreement))


def _payment_due_by(agreement: str) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_PAYMENT_DUE_BY}", {"agreement": agreement})
        due_by: datetime | None = cursor.fetchone()[0]
    return due_by


@transaction.atomic
def withdraw_access(*, actor: Actor, trade: str, reason_code: str) -> Entitlement | None:
    """End access under a trade whose price is returned; does nothing if access has ended or was never granted.

    ``reason_code``: ``refunded`` or ``terminated``. An open inspection is cancelled.
    """
    actor.require_system()
    delivery = lock_delivery_where(Q(trade=trade))
    if delivery is None:
        return None
    end_access(actor=actor, delivery=delivery, reason_code=reason_code)
    return delivery.entitlement


def end_access(*, actor: Actor, delivery: Delivery, reason_code: str) -> bool:
    """End access; returns False if it has already ended. The caller holds the lock.

    Where the price goes back, an open inspection is cancelled. The end of the term cancels none; the end of the agreement only one
    that still waits for receipt: what was received as a whole is inspected on. Where its term was over before, that is told all the same,
    because clearing returns what is on hold for it.
    """
    entitlement, inspection = delivery.entitlement, delivery.inspection
    is_cancelled = inspection.state in CANCELLED[reason_code]
    if is_cancelled:
        advance(inspection, INSPECTION, command="undo", role="system")
    if entitlement.state in (EntitlementState.COMPLETED, EntitlementState.TERMINATED):
        if is_cancelled and reason_code == EndedReason.TERMINATED:
            _emit_ended(delivery, reason_code)
        return False
    if entitlement.state == EntitlementState.SUSPENDED:
        finish_for_operator(TaskKind.RELEASE, entitlement.public_id)
    command = "expire" if reason_code == EndedReason.EXPIRED else "terminate"
    advance(
        entitlement,
        ENTITLEMENT,
        command=command,
        role="system",
        ended_at=clock.now(),
        ended_reason=reason_code,
        suspension_reason="",
        suspended_at=None,
        stopped_by="",
    )
    record(
        kind="delivery.ended",
        subject=entitlement.public_id,
        actor=actor,
        payload={"agreement": entitlement.agreement, "trade": entitlement.trade, "reason": reason_code},
    )
    _emit_ended(delivery, reason_code)
    return True


def _emit_ended(delivery: Delivery, reason_code: str) -> None:
    entitlement = delivery.entitlement
    emit(
        DeliveryEnded(
            entitlement=entitlement.public_id,
            agreement=entitlement.agreement,
            buyer=entitlement.buyer_identifier,
            seller=entitlement.seller_identifier,
            reason_code=reason_code,
            received=delivery.inspection.state in RECEIVED,
        )
    )
