"""Whether access is open, decided from an entitlement and its latest inspection alone. No reads, no writes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from marketplace.kernel.errors import DomainError

from .errors import (
    AccessEnded,
    AccessExpired,
    AccessNotStarted,
    AccessPaused,
    AccessSuspended,
    PaymentOverdue,
)
from .states import EntitlementState, InspectionState

if TYPE_CHECKING:
    from .models import Entitlement, Inspection


def refusal(entitlement: Entitlement, inspection: Inspection, now: datetime) -> DomainError | None:
    """Why nothing may be fetched at ``now``, or None if access is open. ``inspection`` is that of the latest round.

    An open dispute pauses access, so that when the money of a disputed trade goes back there is no access left to
    take away: access implies that payment is secured. For the same reason it is closed from the instant by which a
    later charge had to be paid for, whether or not anybody has ended it yet.
    """
    identifier, expires_at = entitlement.public_id, entitlement.expires_at
    if entitlement.state == EntitlementState.TERMINATED:
        return AccessEnded(entitlement=identifier, reason_code=entitlement.ended_reason)
    if expires_at is not None and expires_at <= now:
        return AccessExpired(entitlement=identifier, expired_at=expires_at.isoformat())
    if entitlement.payment_due_by is not None and entitlement.payment_due_by <= now:
        return PaymentOverdue(entitlement=identifier, due_by=entitlement.payment_due_by.isoformat())
    if entitlement.state == EntitlementState.SUSPENDED:
        return AccessSuspended(entitlement=identifier, reason=entitlement.suspension_reason)
    if inspection.state == InspectionState.DISPUTED:
        return AccessPaused(entitlement=identifier, dispute=inspection.dispute)
    if entitlement.state == EntitlementState.REQUESTED:
        return AccessNotStarted(entitlement=identifier)
    return None
