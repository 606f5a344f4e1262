"""Reinstates suspended participants: by two people, where one suspends."""

from __future__ import annotations

from marketplace.kernel.actors import Actor
from marketplace.kernel.refusals import record_refusals
from marketplace.participants.interest_queries import related_to
from marketplace.participants.models import Organisation
from marketplace.participants.queries import reinstatements_of
from marketplace.participants.services import reinstate_participant, suspended_participant

from .services import require_two_people


@record_refusals()
def reinstate_by_two(*, actor: Actor, organisation: str, suspension: str | None = None) -> Organisation:
    """End a suspension when two people gave the command; what was asked before this suspension does not count.

    ``suspension`` (public identifier) is needed if several stand.

    Raises SecondPersonNeeded, and as ``marketplace.participants.services.reinstate_participant``.
    """
    subject, ending = suspended_participant(actor=actor, organisation=organisation, suspension=suspension)
    approval = require_two_people(
        actor=actor,
        command="clearing.reinstate_participant",
        subject=subject.public_id,
        payload={
            "suspension": ending.public_id,
            "reason_code": ending.reason_code,
            "reinstated_before": reinstatements_of(subject.pk),
        },
        barred=related_to(subject.pk),
    )
    return reinstate_participant(
        actor=actor,
        organisation=organisation,
        first_person=approval.first_person,
        suspension=ending.public_id,
    )
