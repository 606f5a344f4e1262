"""A cut-off in a test, where other tests run on the same server."""

from __future__ import annotations

import time

from clearing.cycles.models import Cycle
from clearing.run.services.cycles import close_cycle
from marketplace.kernel.actors import Actor
from marketplace.kernel.horizon import horizon


def cut_off(actor: Actor) -> Cycle:
    """The open cycle, closed, and no other test holds back its next step."""
    cycle = close_cycle(actor=actor, currency="JPY")
    wait_for_older_transactions(cycle)
    return cycle


def wait_for_older_transactions(cycle: Cycle, *, seconds_max: float = 60) -> None:
    """Other tests' transactions on the same server may be older than the cut-off: the cycle waits for them, as it must."""
    barrier = int(str(cycle.barrier))
    deadline = time.monotonic() + seconds_max
    while horizon() < barrier:
        assert time.monotonic() < deadline, (
            f"transaction {horizon()} is older than cut-off {barrier} and still runs"
        )
        time.sleep(0.02)
