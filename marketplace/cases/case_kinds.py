"""The held cases of participants, which stands below the queue: applications for admission."""

from __future__ import annotations

from marketplace.kernel.actors import Actor
from marketplace.participants.services import decide_admission

from .kinds import HeldKind
from .states import CaseKindCode


def _admission(*, actor: Actor, first_person: str, subject: str, outcome: str, reason: str) -> object:
    return decide_admission(
        actor=actor, admission=subject, outcome=outcome, reason=reason, first_person=first_person
    )


HeldKind(CaseKindCode.ADMISSION.value, _admission)
