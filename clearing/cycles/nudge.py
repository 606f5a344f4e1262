"""Asks a worker to advance a cycle."""

from __future__ import annotations

import logging

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

ADVANCE_TASK = "clearing.tasks.advance"


def nudge(cycle: str) -> None:
    """Ask a worker to advance the cycle. Without a broker it only logs: the sweep finds the cycle anyway."""
    try:
        current_app.send_task(ADVANCE_TASK, args=[cycle], retry=False, expires=60, ignore_result=True)
    except OperationalError as error:
        logger.warning("no broker; the sweep will advance cycle %s: %s", cycle, error)
