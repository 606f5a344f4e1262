"""Event handlers of quality."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.listings import ListingVersionSubmitted

from . import queries, services


def on_version_submitted(event: ListingVersionSubmitted, envelope: Envelope) -> None:
    """Measure the submitted version, once."""
    if queries.profile_of(event.listing_version) is None:
        services.measure_version(listing_version=event.listing_version)
