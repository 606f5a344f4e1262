"""Event handlers of listings."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.participants import AdmissionDecided, ParticipantSuspended
from marketplace.events.schemas.quality import QualityProfiled
from marketplace.participants.states import ENDED_ADMISSIONS

from . import services


def on_quality_profiled(event: QualityProfiled, envelope: Envelope) -> None:
    """Have the rules decide whether the measured version is published."""
    services.judge_version(listing_version=event.listing_version)


def on_participant_suspended(event: ParticipantSuspended, envelope: Envelope) -> None:
    """Remove the listings of a suspended seller from the catalogue."""
    services.suspend_listings(seller=event.organisation)


def on_admission_decided(event: AdmissionDecided, envelope: Envelope) -> None:
    """Remove the listings of a seller whose admission to their segment has ended from the catalogue."""
    if event.capacity == "seller" and event.state in ENDED_ADMISSIONS:
        services.suspend_listings_in(seller=event.organisation, segment=event.segment)
