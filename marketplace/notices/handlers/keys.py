"""Event handlers about an organisation's keys: it is told, so that nobody registers one unseen."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.keys import MandateChanged, OrganisationKeyChanged
from marketplace.participants.queries import get_organisation

from .. import key_texts
from ..services import send_notice


def on_organisation_key_changed(event: OrganisationKeyChanged, envelope: Envelope) -> None:
    """Tell the organisation what became of a key."""
    wording = key_texts.KEY[event.change].fill(key=event.key, by=event.by)
    send_notice(organisation_id=get_organisation(event.organisation).id, subject=event.key, wording=wording)


def on_mandate_changed(event: MandateChanged, envelope: Envelope) -> None:
    """Tell the organisation what became of a mandate."""
    wording = key_texts.MANDATE[event.change].fill(mandate=event.mandate, program=event.program, by=event.by)
    send_notice(
        organisation_id=get_organisation(event.organisation).id, subject=event.mandate, wording=wording
    )
