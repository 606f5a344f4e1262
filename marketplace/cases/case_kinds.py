"""The held cases of participants, which stands below the queue: applications for admission, and admissions that a new rulebook would not give."""

from __future__ import annotations

from dataclasses import replace

from marketplace.kernel.actors import Actor
from marketplace.participants.admission_terms import AdmissionTerms
from marketplace.participants.services import decide_admission, withdraw_admission
from marketplace.rules.queries import admission_ends_on

from .kinds import HeldKind
from .states import CaseKindCode, CaseOutcome


def _admission(
    *, actor: Actor, first_person: str, subject: str, outcome: str, reason: str, terms: AdmissionTerms
) -> object:
    if terms.expires_on is None:
        terms = replace(terms, expires_on=admission_ends_on())
    return decide_admission(
        actor=actor,
        admission=subject,
        outcome=outcome,
        reason=reason,
        first_person=first_person,
        terms=terms,
    )


def _rescreening(
    *, actor: Actor, first_person: str, subject: str, outcome: str, reason: str, terms: AdmissionTerms
) -> object:
    # What two people keep stays as it is until the day that they state.
    if outcome == CaseOutcome.KEEP:
        return None
    return withdraw_admission(actor=actor, admission=subject, reason=reason)


HeldKind(CaseKindCode.ADMISSION.value, _admission, takes_terms=True)
HeldKind(CaseKindCode.RESCREENING.value, _rescreening)
