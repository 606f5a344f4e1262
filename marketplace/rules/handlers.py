"""Event handlers of the rules."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.clearing import ShortfallOccurred
from marketplace.events.schemas.participants import (
    AdmissionApplied,
    DisqualificationMoved,
    QualificationMoved,
)
from marketplace.kernel.actors import SYSTEM
from marketplace.participants import queries as participants
from marketplace.participants import services
from marketplace.participants.admission_terms import AdmissionTerms
from marketplace.participants.disqualification_queries import concerned_by
from marketplace.participants.qualification_queries import was_verified
from marketplace.participants.qualification_states import QualificationState
from marketplace.participants.states import AdmissionState

from .queries import admission_ends_on
from .rescreening.screening import rescreen_organisation
from .services import evaluate
from .states import Outcome

SHORTFALL = "shortfall"
_UNREAD = (QualificationState.STATED, QualificationState.REFUSED)
"""States that say by themselves that rules have never read a qualification."""


def decide_admission(event: AdmissionApplied, envelope: Envelope) -> None:
    """Decide an application by the rules and carry out the decision; an application that has moved on is skipped."""
    waiting = participants.visible_admissions(SYSTEM).select_for_update(of=("self",))
    admission = waiting.filter(public_id=event.admission, state=AdmissionState.APPLIED).first()
    if admission is None:
        return
    decision = evaluate(point="admission", subject=event.admission)
    services.decide_admission(
        actor=SYSTEM,
        admission=event.admission,
        outcome=decision.outcome,
        decision=decision.public_id,
        terms=AdmissionTerms(expires_on=admission_ends_on()),
    )


def decide_shortfall(event: ShortfallOccurred, envelope: Envelope) -> None:
    """Decide by the rules whether to suspend a participant after a shortfall; one already suspended stays so."""
    decision = evaluate(point="shortfall", subject=event.shortfall)
    if decision.outcome != Outcome.DENY or not participants.get_organisation(event.organisation).is_active:
        return
    texts = [reason["text"] for reason in decision.reasons if reason["outcome"] == Outcome.DENY]
    services.suspend_participant(
        actor=SYSTEM,
        organisation=event.organisation,
        reason_code=SHORTFALL,
        reason="\n".join(
            " ".join([*(text[language] for text in texts), f"({decision.public_id})"])
            for language in ("ja", "en")
        ),
    )


def rescreen_holder(event: QualificationMoved, envelope: Envelope) -> None:
    """Evaluate the admissions of an organisation again when a qualification of it was verified, or counts no more.

    One that ended without ever being verified counted never: nothing was lost.
    """
    if event.state in _UNREAD or not was_verified(event.qualification):
        return
    rescreen_organisation(event.organisation, lost=event.state != QualificationState.VERIFIED)


def rescreen_disqualified(event: DisqualificationMoved, envelope: Envelope) -> None:
    """Evaluate the admissions of whom a disqualification concerns again when it was stated, or has ended."""
    for organisation in concerned_by(event.disqualification):
        rescreen_organisation(organisation, lost=event.change == "stated")
