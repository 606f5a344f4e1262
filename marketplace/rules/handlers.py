"""What the rule layer does when something happened elsewhere."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.clearing import ShortfallOccurred
from marketplace.events.schemas.participants import AdmissionApplied
from marketplace.kernel.actors import SYSTEM
from marketplace.participants import queries as participants
from marketplace.participants import services
from marketplace.participants.states import AdmissionState

from .services import evaluate
from .states import Outcome

SHORTFALL = "shortfall"


def decide_admission(event: AdmissionApplied, envelope: Envelope) -> None:
    """Decide by the rules on an application, and have the decision carried out; one that moved on is left alone."""
    waiting = participants.visible_admissions(SYSTEM).select_for_update(of=("self",))
    admission = waiting.filter(public_id=event.admission, state=AdmissionState.APPLIED).first()
    if admission is None:
        return
    decision = evaluate(point="admission", subject=event.admission)
    services.decide_admission(
        actor=SYSTEM, admission=event.admission, outcome=decision.outcome, decision=decision.public_id
    )


def decide_shortfall(event: ShortfallOccurred, envelope: Envelope) -> None:
    """Ask the rules about a participant that fell short, and suspend it where they deny; one suspended stays so."""
    decision = evaluate(point="shortfall", subject=event.shortfall)
    if decision.outcome != Outcome.DENY or not participants.get_organisation(event.organisation).is_active:
        return
    texts = [reason["text"] for reason in decision.reasons if reason["outcome"] == Outcome.DENY]
    services.suspend_participant(
        actor=SYSTEM,
        organisation=event.organisation,
        reason_code=SHORTFALL,
        reason=" ".join(f"{text['ja']} {text['en']}" for text in texts) + f" ({decision.public_id})",
    )
