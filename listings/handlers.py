"""Event handlers of listings."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.participants import ParticipantSuspended
from marketplace.events.schemas.quality import QualityProfiled

from . import services


def on_quality_profiled(event: QualityProfiled, envelope: Envelope) -> None:
    """Have the rules decide whether the measured version is published."""
    services.judge_version(listing_version=event.listing_version)


def on_participant_suspended(event: ParticipantSuspended, envelope: Envelope) -> None:
    """Remove the listings of a suspended seller from the catalogue."""
    services.suspend_listings(seller=event.organisation)
