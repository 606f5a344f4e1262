"""The held cases of contracts: agreements whose conclusion the rules put on hold."""

from __future__ import annotations

from marketplace.cases.kinds import HeldKind
from marketplace.cases.states import CaseKindCode
from marketplace.kernel.actors import Actor
from marketplace.participants.admission_terms import AdmissionTerms

from .services import decide_conclusion, lock_held


def _conclusion(
    *, actor: Actor, first_person: str, subject: str, outcome: str, reason: str, terms: AdmissionTerms
) -> object:
    return decide_conclusion(
        actor=actor, first_person=first_person, negotiation=subject, outcome=outcome, reason=reason
    )


HeldKind(CaseKindCode.CONCLUSION.value, _conclusion, lock=lock_held)
