"""Event handlers about the market's signing key: every participant is told of the next one before it signs."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.evidence import KeyAnnounced
from marketplace.participants.queries import participant_keys

from .. import market_key_texts as texts
from ..formats import format_moment
from ..services import send_notices


def on_key_announced(event: KeyAnnounced, envelope: Envelope) -> None:
    """Notify every participant of the key, and whether the one before handed over to it."""
    wording = (texts.REPLACED if event.is_emergency else texts.ANNOUNCED).fill(
        key=event.kid, moment=format_moment(event.effective_from), announcement=event.announcement
    )
    send_notices(subject=event.announcement, wordings=dict.fromkeys(participant_keys(), wording))
