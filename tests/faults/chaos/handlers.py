"""A handler that sleeps in its transaction for longer than the pipe lets it."""

from __future__ import annotations

import time

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.participants import OrganisationRegistered


def on_organisation_registered(event: OrganisationRegistered, envelope: Envelope) -> None:
    """Sleep until the pipe ends the handling."""
    time.sleep(30)
