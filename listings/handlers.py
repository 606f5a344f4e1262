"""What listings do when something happens elsewhere."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.participants import ParticipantSuspended
from marketplace.events.schemas.quality import QualityProfiled

from . import services


def on_quality_profiled(event: QualityProfiled, envelope: Envelope) -> None:
    """A version was measured: the rules decide whether it is published."""
    services.judge_version(listing_version=event.listing_version)


def on_participant_suspended(event: ParticipantSuspended, envelope: Envelope) -> None:
    """The listings of a suspended seller leave the catalogue."""
    services.suspend_listings(seller=event.organisation)
