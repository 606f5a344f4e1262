"""Lifts trading halts: by two people, where one halts."""

from __future__ import annotations

from collections.abc import Mapping

from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.rules.models import Halt
from marketplace.rules.services import lift_halt, standing_halt

from .services import require_two_people


@record_refusals()
def lift_halt_by_two(*, actor: Actor, halt: str, reason: Mapping[str, str]) -> Halt:
    """Lift a halt when two people gave the command with the same reason.

    Raises SecondPersonNeeded, Recused, and as ``marketplace.rules.services.lift_halt``.
    """
    actor.require(Permission.RULEBOOK_WRITE)
    _, said = standing_halt(actor=actor, halt=halt, reason=reason)
    approval = require_two_people(
        actor=actor, command="clearing.lift_halt", subject=halt, payload={"reason": said}
    )
    return lift_halt(actor=actor, halt=halt, reason=said, first_person=approval.first_person)
