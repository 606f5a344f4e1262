"""Event handlers of registration."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.participants import OrganisationFactsChanged

from .services import screen_changed_facts


def on_facts_changed(event: OrganisationFactsChanged, envelope: Envelope) -> None:
    """Screen a registered organisation again as soon as what a screening compares has changed."""
    if event.is_screened:
        screen_changed_facts(organisation=event.organisation)
