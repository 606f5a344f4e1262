"""Event handlers of oversight."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.contracts import AgreementConcluded
from marketplace.kernel.actors import SYSTEM

from .reviews.detectors import Seen
from .reviews.services import see_agreement


def on_agreement_concluded(event: AgreementConcluded, envelope: Envelope) -> None:
    """Let the surveillance see the agreement."""
    seen = Seen(
        agreement=event.agreement,
        segment=event.segment,
        buyer=event.buyer,
        seller=event.seller,
        price_minor=event.price_minor,
        currency=event.currency,
    )
    see_agreement(actor=SYSTEM, seen=seen, concluded_at=envelope.occurred_at)
