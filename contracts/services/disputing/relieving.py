"""Mediators who cannot act are relieved: by themselves, by a colleague, or by the market; another is then named."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.permissions import Permission
from marketplace.participants.interest_queries import require_unrelated

from ...disputing import texts
from ...disputing.errors import NoMediatorToRelieve
from ...disputing.models import Dispute, Mediator
from ...disputing.queries import disputes_without_judge, may_decide, may_mediate, standing_mediator
from ...disputing.states import Relief
from ...models import Agreement
from ...states import DISPUTE, DisputeState, label_of
from .candidates import ask_for_mediator
from .opening import check_text
from .sides import locked_dispute, sides, tell

RELIEVE: Final = Loop("contracts.relieve_mediators")
BATCH: Final = 200


@transaction.atomic
def relieve_mediator(*, actor: Actor, dispute: str, reason: str) -> Dispute:
    """Relieve the mediator of an open dispute, with the reason: the mediator itself steps back, or a colleague says that it cannot act.

    Both sides are told, the operator has a task to name another, and no day of the dispute moves. Raises Missing, Recused,
    IllegalTransition, NoMediatorToRelieve, FieldInvalid, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.DISPUTES_WRITE)
    actor.require_person()
    why = check_text("reason", reason)
    agreement, subject = locked_dispute(actor, dispute)
    DISPUTE.target(state=subject.state, command="resolve", role=actor.role.value)
    row = standing_mediator(subject)
    if row is None:
        raise NoMediatorToRelieve(dispute=dispute)
    itself = row.person == actor.identifier
    if not itself:
        require_unrelated(actor, *sides(subject, agreement).values())
    _relieve(subject, agreement, row, actor, Relief.WITHDREW if itself else Relief.UNAVAILABLE, why)
    return subject


def relieve_mediators() -> int:
    """Relieve mediators who may not decide any more, because they have lost the role or have an interest; returns how many."""
    return RELIEVE.each(disputes_without_judge(BATCH, RELIEVE.standing_aside()), _relieve_absent)


@transaction.atomic
def _relieve_absent(public_id: str) -> bool:
    agreement, dispute = locked_dispute(SYSTEM, public_id)
    row = standing_mediator(dispute)
    if dispute.state != DisputeState.OPEN or row is None or may_mediate(row):
        return False
    relief = Relief.INTEREST if may_decide(row.person) else Relief.AUTHORITY_ENDED
    words = label_of(Relief, relief)
    _relieve(dispute, agreement, row, SYSTEM, relief, f"{words.ja} / {words.en}")
    return True


def _relieve(
    dispute: Dispute, agreement: Agreement, row: Mediator, actor: Actor, relief: Relief, reason: str
) -> None:
    row.relief, row.relieved_by, row.relief_reason = relief.value, actor.identifier, reason
    row.relieved_at = clock.now()
    row.save(update_fields=["relief", "relieved_by", "relief_reason", "relieved_at"])
    record(
        kind="contracts.mediator_relieved",
        subject=row.public_id,
        actor=actor,
        payload={
            "dispute": dispute.public_id,
            "relief": relief.value,
            "reason_commitment": commitment_to(row.salt, reason),
        },
    )
    said = label_of(Relief, relief)
    ask_for_mediator(dispute, agreement, row, said)
    tell(
        dispute,
        agreement,
        texts.RELIEVED.fill(dispute=dispute.public_id, person=row.person, relief=said.as_dict()),
    )
