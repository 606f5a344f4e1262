"""Reading shortfalls, and what the rules may know of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing
from marketplace.participants.queries import organisations_by_id

from ..models import Shortfall
from .funds import funds_of
from .sight import own_key

RECENT = timedelta(days=90)


def visible_shortfalls(actor: Actor) -> QuerySet[Shortfall]:
    """Shortfalls of the actor's organisation; every one, for the operator."""
    rows = Shortfall.objects.select_related("cycle")
    return rows if actor.may_see() else rows.filter(organisation_id=own_key(actor))


def shortfall_facts(shortfall: str) -> dict[str, Any]:
    """What the rules may know of a shortfall; amounts in its currency. Raises Missing."""
    row = Shortfall.objects.filter(public_id=shortfall).first()
    if row is None:
        raise Missing(kind="shortfall", identifier=shortfall)
    owner = organisations_by_id([row.organisation_id])[row.organisation_id]
    has = funds_of(owner, row.currency)
    recent = Shortfall.objects.filter(
        organisation_id=row.organisation_id,
        currency=row.currency,
        occurred_at__gt=row.occurred_at - RECENT,
        occurred_at__lte=row.occurred_at,
    )
    return {
        "organisation": owner.public_id,
        "currency": row.currency,
        "missing_minor": row.missing_minor,
        "carried_minor": row.carried_minor,
        "awaited_minor": row.awaited_minor,
        "claim_minor": has.claim_minor,
        "deposit_minor": has.deposit_minor,
        "shortfalls_in_90_days": recent.count(),
    }
