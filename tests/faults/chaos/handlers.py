"""A handler that sleeps in its transaction for longer than the pipe lets it."""

from __future__ import annotations

import time

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.participants import OrganisationRegistered
from marketplace.participants.queries import get_organisation

STALLED = "Stalled"


def on_organisation_registered(event: OrganisationRegistered, envelope: Envelope) -> None:
    """Sleep until the pipe ends the handling, if the organisation's name begins with ``STALLED``."""
    if get_organisation(event.organisation).name["en"].startswith(STALLED):
        time.sleep(30)
