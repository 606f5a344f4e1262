"""Event handlers about the recovery of owners: the operator has a task for each step, the organisation is told."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.members import OwnerRecoveryMoved
from marketplace.participants.queries import get_organisation

from .. import people_texts
from ..formats import format_moment
from ..operator_tasks import ask_operator, finish_for_operator
from ..services import send_notice
from ..states import TaskKind


def on_owner_recovery_moved(event: OwnerRecoveryMoved, envelope: Envelope) -> None:
    """Close the task of the step before, open that of this one, and tell the organisation from the decision on."""
    party = get_organisation(event.of)
    finish_for_operator(TaskKind.RECOVER, event.recovery)
    if step := people_texts.RECOVERY_STEPS.get(event.state):
        ask_operator(
            TaskKind.RECOVER, event.recovery, recovery=event.recovery, party=party.name, step=step.as_dict()
        )
    if wording := people_texts.RECOVERY.get(event.state):
        until = format_moment(event.ends_at) if event.ends_at else ""
        send_notice(
            organisation_id=party.id,
            subject=event.recovery,
            wording=wording.fill(recovery=event.recovery, until=until),
        )
