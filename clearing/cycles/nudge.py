"""Asks a worker to advance a cycle."""

from __future__ import annotations

from marketplace.kernel.nudges import send_nudge

ADVANCE_TASK = "clearing.tasks.advance"


def nudge(cycle: str) -> None:
    """Ask a worker to advance the cycle."""
    send_nudge(ADVANCE_TASK, cycle)
