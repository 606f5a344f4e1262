"""Whether access is open, from an entitlement and its latest inspection only. No reads, no writes."""

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
from .states import EndedReason, EntitlementState, InspectionState

if TYPE_CHECKING:
    from .models import Entitlement, Inspection


def refusal(
    entitlement: Entitlement, inspection: Inspection, now: datetime, *, is_overdue: bool
) -> DomainError | None:
    """Why downloads are refused at ``now``, or None if access is open. ``inspection`` is that of the latest round.

    Access requires secured payment. So an open dispute suspends access, because the money of a disputed trade may be
    returned, and access closes at the deadline of a later charge that is not secured (``is_overdue``).
    """
    identifier, expires_at = entitlement.public_id, entitlement.expires_at
    if entitlement.state == EntitlementState.TERMINATED:
        return AccessEnded(entitlement=identifier, reason_code=entitlement.ended_reason)
    if entitlement.closes_at is not None and entitlement.closes_at <= now:
        return AccessEnded(entitlement=identifier, reason_code=EndedReason.TERMINATED.value)
    # The term stands still meanwhile.
    if entitlement.state == EntitlementState.SUSPENDED:
        return AccessSuspended(entitlement=identifier, reason=entitlement.suspension_reason)
    if inspection.state == InspectionState.DISPUTED:
        return AccessPaused(entitlement=identifier, dispute=inspection.dispute)
    if expires_at is not None and expires_at <= now:
        return AccessExpired(entitlement=identifier, expired_at=expires_at.isoformat())
    if is_overdue and entitlement.payment_due_by is not None:
        return PaymentOverdue(entitlement=identifier, due_by=entitlement.payment_due_by.isoformat())
    if entitlement.state == EntitlementState.REQUESTED:
        return AccessNotStarted(entitlement=identifier)
    return None
