"""The moves of an ending: its state, evidence and event, and what is told to both sides."""

from __future__ import annotations

from typing import Any

from marketplace.events.schemas.contracts import AgreementEnding
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.states import advance
from marketplace.notices import services as notices
from marketplace.notices.states import TaskKind
from marketplace.notices.texts import fill_label

from ..ending.models import Ending
from ..ending.states import ENDING, OPEN_ENDINGS, EndingGround, EndingState
from ..ending.texts import ANSWER_ENDING, MOVED
from ..models import Agreement
from ..states import label_of


def move_ending(
    ending: Ending, agreement: Agreement, *, actor: Actor, command: str, role: str, **changes: Any
) -> None:
    """Change the state of a locked ending, record it, emit it, and tell both sides."""
    target = ENDING.target(state=ending.state, command=command, role=role)
    if target not in OPEN_ENDINGS:
        changes["closed_at"] = clock.now()
    advance(ending, ENDING, command=command, role=role, **changes)
    tell_ending(ending, agreement, actor)


def tell_ending(ending: Ending, agreement: Agreement, actor: Actor) -> None:
    """Record, emit and tell the present state of an ending; the other party has a task while it is to answer."""
    state = EndingState(ending.state)
    record(
        kind=f"contracts.ending_{state.value}",
        subject=ending.public_id,
        actor=actor,
        payload={
            "agreement": agreement.public_id,
            "ground": ending.ground,
            "party": ending.party,
            "last_day": ending.last_day.isoformat(),
            "refund_minor": ending.refund_minor,
            "digest": ending.digest,
            "reason_commitment": commitment_to(ending.salt, ending.reason),
        },
    )
    emit(
        AgreementEnding(
            ending=ending.public_id,
            agreement=agreement.public_id,
            buyer=agreement.buyer_identifier,
            seller=agreement.seller_identifier,
            ground=str(ending.ground),
            party=str(ending.party),
            state=state.value,
            last_day=ending.last_day.isoformat(),
            access_until=ending.access_until.isoformat(),
        )
    )
    wording = MOVED.fill(
        agreement=agreement.public_id,
        ending=ending.public_id,
        state=label_of(EndingState, state).as_dict(),
        ground=label_of(EndingGround, ending.ground).as_dict(),
        last_day=ending.last_day.isoformat(),
        reason=f" {ending.reason}" if ending.reason else "",
    )
    notices.send_notices(
        subject=ending.public_id, wordings={agreement.buyer_id: wording, agreement.seller_id: wording}
    )
    if state is EndingState.PROPOSED:
        notices.open_task(
            organisation_id=agreement.seller_id if ending.party == "buyer" else agreement.buyer_id,
            kind=TaskKind.ANSWER,
            subject=ending.public_id,
            thread=ending.public_id,
            title=fill_label(
                ANSWER_ENDING, agreement=agreement.public_id, last_day=ending.last_day.isoformat()
            ),
            deadline=ending.respond_by,
        )
    else:
        answered_by = agreement.seller_id if ending.party == "buyer" else agreement.buyer_id
        notices.close_tasks(
            thread=ending.public_id,
            kinds=(TaskKind.ANSWER,),
            done_by=answered_by if state in (EndingState.SCHEDULED, EndingState.REFUSED) else None,
        )


def drop_endings(agreement: Agreement) -> int:
    """Drop what would have ended an agreement that ends otherwise, and that the caller has locked; returns how many."""
    rows = list(agreement.endings.select_for_update().filter(state__in=OPEN_ENDINGS).order_by("pk"))
    for ending in rows:
        move_ending(ending, agreement, actor=SYSTEM, command="drop", role="system")
    return len(rows)
