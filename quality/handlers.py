"""What quality does when something happens elsewhere."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.listings import ListingVersionSubmitted

from . import queries, services


def on_version_submitted(event: ListingVersionSubmitted, envelope: Envelope) -> None:
    """A version waits to be published: measure it, once."""
    if queries.profile_of(event.listing_version) is None:
        services.measure_version(listing_version=event.listing_version)
