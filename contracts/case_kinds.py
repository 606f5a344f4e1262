"""The held cases of contracts: agreements whose conclusion the rules put on hold, and expulsions that disputes propose."""

from __future__ import annotations

from marketplace.cases.kinds import HeldKind
from marketplace.cases.states import CaseKindCode
from marketplace.kernel.actors import Actor
from marketplace.participants.admission_terms import AdmissionTerms

from .services import decide_conclusion, lock_held
from .services.disputing.expelling import decide_expulsion, lock_disputed, who_decided


def _conclusion(
    *, actor: Actor, first_person: str, subject: str, outcome: str, reason: str, terms: AdmissionTerms
) -> object:
    return decide_conclusion(
        actor=actor, first_person=first_person, negotiation=subject, outcome=outcome, reason=reason
    )


def _expulsion(
    *, actor: Actor, first_person: str, subject: str, outcome: str, reason: str, terms: AdmissionTerms
) -> None:
    decide_expulsion(actor=actor, first_person=first_person, dispute=subject, outcome=outcome, reason=reason)


HeldKind(CaseKindCode.EXPULSION.value, _expulsion, lock=lock_disputed, decided=who_decided)
HeldKind(CaseKindCode.CONCLUSION.value, _conclusion, lock=lock_held)
