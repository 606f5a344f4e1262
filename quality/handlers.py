"""Event handlers of quality."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.listings import ListingVersionSubmitted
from marketplace.jobs.services import enqueue

from .jobs import MEASURE


def on_version_submitted(event: ListingVersionSubmitted, envelope: Envelope) -> None:
    """Have the submitted version measured: a job, because its files are read whole."""
    enqueue(kind=MEASURE, subject=event.listing_version, organisation=event.seller)
