"""Moves a cycle to its next state, with the evidence and the event that every step leaves."""

from __future__ import annotations

from typing import Any

from marketplace.events.schemas.clearing import CycleMoved
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel.actors import Actor
from marketplace.kernel.states import advance

from ...cycles.models import Cycle
from ...cycles.states import CYCLE


def move_cycle(
    cycle: Cycle, actor: Actor, command: str, *, evidence: dict[str, Any] | None = None, **changes: Any
) -> bool:
    """Move the cycle by ``command``, count its epoch, record ``changes`` and ``evidence``, and emit cycle.moved.

    Returns True: the step has done something.
    """
    advance(cycle, CYCLE, command=command, role="system", epoch=cycle.epoch + 1, **changes)
    recorded = {name: value for name, value in changes.items() if not name.endswith("_at")}
    record(
        kind=f"clearing.cycle_{cycle.state}",
        subject=cycle.public_id,
        actor=actor,
        payload={"business_key": cycle.business_key, "epoch": cycle.epoch, **recorded, **(evidence or {})},
    )
    emit(CycleMoved(cycle=cycle.public_id, state=cycle.state))
    return True
