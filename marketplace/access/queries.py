"""Reads of staff accesses, in the scope of the caller."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Max, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.permissions import Permission
from marketplace.participants.interest_queries import related_organisations

from .models import AccessDeferral, AccessRead, StaffAccess


def visible_accesses(actor: Actor) -> QuerySet[StaffAccess]:
    """Accesses to the actor's own organisation of which it was told; of the operator, those that the person opened or
    approved, and all for its auditors.
    """
    rows = StaffAccess.objects.prefetch_related(
        Prefetch("deferrals", AccessDeferral.objects.order_by("pk")),
        Prefetch("reads", AccessRead.objects.order_by("pk")),
    )
    if actor.role is Role.PARTICIPANT:
        return rows.filter(organisation_id=actor.require_organisation(), told_at__isnull=False)
    if actor.may(Permission.EVIDENCE_READ):
        return rows
    return rows.filter(Q(person=actor.identifier) | Q(approved_by=actor.identifier))


def live_accesses(actor: Actor, kind: str) -> Sequence[StaffAccess]:
    """The accesses of one kind under which a person of the operator may read now, the latest first.

    None, if it lost the role that opens them, or of organisations in which it has declared an interest since.
    """
    if not actor.is_person or not actor.may(Permission.ACCESS_OPEN):
        return []
    live = StaffAccess.objects.filter(
        person=actor.identifier, kind=kind, ended_at=None, expires_at__gt=clock.now()
    )
    return list(live.exclude(organisation_id__in=related_organisations(actor.identifier)).order_by("-pk"))


def get_access(access: str) -> StaffAccess:
    """An access, for the texts of its notice."""
    return StaffAccess.objects.get(public_id=access)


def due_to_tell(at: datetime) -> QuerySet[StaffAccess]:
    """Accesses whose review date has come, of which the participant was not told."""
    latest = Greatest("deferred_until", Coalesce(Max("deferrals__until"), "deferred_until"))
    return (
        StaffAccess.objects.filter(told_at=None, deferred_until__lte=at)
        .annotate(review=latest)
        .filter(review__lte=at)
        .order_by("deferred_until", "pk")
    )


def told_accesses(starts_at: datetime, ends_at: datetime) -> list[str]:
    """The participant of each access that was opened in a time, and of which it was told: what is deferred is not counted."""
    rows = StaffAccess.objects.filter(opened_at__gte=starts_at, opened_at__lt=ends_at, told_at__isnull=False)
    return list(rows.order_by("pk").values_list("organisation_identifier", flat=True))
