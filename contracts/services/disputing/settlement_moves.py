"""The moves of a settlement: its state, evidence, and what is told."""

from __future__ import annotations

from typing import Any

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.states import advance
from marketplace.notices import services as notices
from marketplace.notices.states import TaskKind

from ...disputing import texts
from ...disputing.models import Dispute, Settlement
from ...disputing.states import SETTLEMENT, SettlementState
from ...states import label_of
from .sides import tell


def move_settlement(
    settlement: Settlement, dispute: Dispute, *, actor: Actor, command: str, role: str, **changes: Any
) -> None:
    """Close a locked settlement, record it, and tell the sides."""
    advance(settlement, SETTLEMENT, command=command, role=role, closed_at=clock.now(), **changes)
    record_settlement(settlement, dispute, actor)
    notices.close_tasks(thread=settlement.public_id, kinds=(TaskKind.ANSWER,))
    wording = texts.SETTLEMENT_CLOSED.fill(
        dispute=dispute.public_id,
        settlement=settlement.public_id,
        state=label_of(SettlementState, settlement.state).as_dict(),
    )
    tell(dispute, dispute.agreement, wording)


def record_settlement(settlement: Settlement, dispute: Dispute, actor: Actor) -> None:
    """Record the present state of a settlement."""
    record(
        kind=f"contracts.settlement_{settlement.state}",
        subject=settlement.public_id,
        actor=actor,
        payload={
            "agreement": dispute.agreement.public_id,
            "dispute": dispute.public_id,
            "party": str(settlement.party),
            "outcome": str(settlement.outcome),
            "digest": settlement.digest,
        },
    )


def drop_settlements(dispute: Dispute) -> None:
    """Drop what is proposed in a dispute that ends otherwise."""
    rows = dispute.settlements.select_for_update().filter(state=SettlementState.PROPOSED)
    for settlement in rows.order_by("pk"):
        move_settlement(settlement, dispute, actor=SYSTEM, command="drop", role="system")
