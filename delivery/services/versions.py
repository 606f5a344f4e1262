"""Access follows the versions of its agreement: it ends as the last one that was signed says."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from contracts.amending.access_terms import ends_of_versions
from delivery.models import Entitlement
from marketplace.evidence.services import record
from marketplace.kernel.actors import Actor

from .locking import lock_delivery_where


@transaction.atomic
def follow_version(*, actor: Actor, agreement: str, number: int) -> int:
    """Have live access under an agreement end as its version ``number`` says, with what was given back; returns how many entitlements.

    A shorter term closes access at its new end, which lies after the version takes effect."""
    actor.require_system()
    ends, moved = ends_of_versions(agreement), 0
    rows = Entitlement.objects.filter(agreement=agreement, ended_at=None, version__lt=number)
    for key in rows.order_by("pk").values_list("pk", flat=True):
        delivery = lock_delivery_where(Q(pk=key))
        if delivery is None or delivery.entitlement.ended_at is not None:
            continue
        subject = delivery.entitlement
        if subject.version >= number:
            continue
        subject.expires_at, subject.expires_latest = ends.moved(subject.version, number, subject.expires_at)
        before, subject.version = subject.version, number
        subject.save(update_fields=["expires_at", "expires_latest", "version"])
        record(
            kind="delivery.amended",
            subject=subject.public_id,
            actor=actor,
            payload={
                "agreement": agreement,
                "from_version": before,
                "version": number,
                "expires_at": subject.expires_at.isoformat() if subject.expires_at else None,
            },
        )
        moved += 1
    return moved
