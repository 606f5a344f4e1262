"""Find and lock what a service works on, within the scope of the actor."""

from __future__ import annotations

from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import Forbidden, Missing
from marketplace.kernel.labels import Label

from ..models import Listing, ListingVersion


def locked_listing(actor: Actor, public_id: str) -> Listing:
    """The listing, locked until the transaction ends. Raises Missing, also outside the actor's scope."""
    listing = Listing.objects.select_for_update().filter(public_id=public_id).first()
    if listing is None:
        raise Missing(kind="listing", identifier=public_id)
    actor.require_scope(listing.seller_id, kind="listing", identifier=public_id)
    return listing


def locked_version(actor: Actor, public_id: str) -> tuple[Listing, ListingVersion]:
    """The version and its listing, both locked, the listing first. Raises Missing as ``locked_listing`` does."""
    known = ListingVersion.objects.filter(public_id=public_id).values_list("listing_id", flat=True).first()
    if known is None:
        raise Missing(kind="listing version", identifier=public_id)
    listing = Listing.objects.select_for_update().get(pk=known)
    actor.require_scope(listing.seller_id, kind="listing version", identifier=public_id)
    return listing, ListingVersion.objects.select_for_update().get(public_id=public_id)


def role_in(actor: Actor, listing: Listing) -> str:
    """The actor's role toward the listing: ``seller``, ``operator`` or ``system``."""
    return "seller" if actor.role is Role.PARTICIPANT else actor.role.value


def require_seller(actor: Actor, listing: Listing) -> None:
    """Raise Forbidden unless the actor acts for the seller of the listing."""
    if actor.role is not Role.PARTICIPANT or actor.organisation_id != listing.seller_id:
        raise Forbidden(needed=Label("the seller", "提供者"))
