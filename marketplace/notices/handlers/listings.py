"""Event handlers that tell sellers what became of their versions."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.listings import ListingVersionPublished, ListingVersionRefused
from marketplace.participants.queries import get_organisation

from .. import texts
from ..services import send_notice
from ..texts import Wording


def on_version_published(event: ListingVersionPublished, envelope: Envelope) -> None:
    """Notify the seller that its version is published."""
    wording = texts.VERSION_PUBLISHED.fill(listing=event.listing, version=event.listing_version)
    _notify_seller(event.seller, event.listing, wording)


def on_version_refused(event: ListingVersionRefused, envelope: Envelope) -> None:
    """Notify the seller, and name the decision that states the reasons, or what overrode it."""
    named = {"listing": event.listing, "version": event.listing_version, "decision": event.decision}
    wording = texts.VERSION_REFUSED.fill(**named)
    if event.reason_en and event.reason_ja:
        reason = {"en": event.reason_en, "ja": event.reason_ja}
        wording = texts.VERSION_OVERRIDDEN.fill(**named, reason=reason)
    _notify_seller(event.seller, event.listing, wording)


def _notify_seller(seller: str, listing: str, wording: Wording) -> None:
    send_notice(organisation_id=get_organisation(seller).id, subject=listing, wording=wording)
