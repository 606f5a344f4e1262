"""Queries on interests of third parties in listings."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from marketplace.kernel.actors import Actor

from .models import Stake
from .states import ListingState


def visible_stakes(actor: Actor) -> QuerySet[Stake]:
    """Interests in listings on sale, and in the actor's own listings; all, for the operator."""
    rows = Stake.objects.select_related("listing")
    if actor.may_see():
        return rows
    return rows.filter(Q(listing__state=ListingState.ON_SALE) | Q(listing__seller_id=actor.organisation_id))


def stakes_in(listing: str) -> list[str]:
    """The kind of each interest that stands in a listing (public identifier), sorted; one entry an interest."""
    rows = Stake.objects.filter(listing__public_id=listing, ended_at=None)
    return sorted(rows.values_list("kind", flat=True))


def has_stake(*, stake: str, listing: str, holder: str) -> bool:
    """Whether a stake stands in a listing and names ``holder``, the public identifier of an organisation (all public identifiers)."""
    rows = Stake.objects.filter(public_id=stake, listing__public_id=listing, holder=holder, ended_at=None)
    return bool(holder) and rows.exists()
