"""The held cases of listings: versions that the rules put on hold."""

from __future__ import annotations

from marketplace.cases.kinds import HeldKind
from marketplace.cases.states import CaseKindCode
from marketplace.kernel.actors import Actor
from marketplace.participants.admission_terms import AdmissionTerms

from .services import decide_version


def _publication(
    *, actor: Actor, first_person: str, subject: str, outcome: str, reason: str, terms: AdmissionTerms
) -> object:
    return decide_version(
        actor=actor, listing_version=subject, outcome=outcome, reason=reason, first_person=first_person
    )


HeldKind(CaseKindCode.PUBLICATION.value, _publication)
