"""Event handlers of oversight."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.contracts import AgreementConcluded, NegotiationMoved
from marketplace.kernel.actors import SYSTEM

from .reviews.detectors import Seen, SeenEnd
from .reviews.services import see_agreement, see_broken_off
from .reviews.states import ENDED_BY


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


def on_negotiation_moved(event: NegotiationMoved, envelope: Envelope) -> None:
    """Let the surveillance see a negotiation that ended without agreement; not one that the operator ended."""
    if event.state == "terminated" and event.by in ENDED_BY:
        seen = SeenEnd(event.negotiation, event.buyer, event.seller, event.by)
        see_broken_off(actor=SYSTEM, seen=seen, ended_at=envelope.occurred_at)
