"""Celery tasks of events."""

from __future__ import annotations

import threading

from celery import shared_task

from marketplace.kernel.nudges import begin_nudged

from . import services
from .claiming import Claimer


class _Worker(threading.local):
    """What a worker keeps from one delivery to the next."""

    def __init__(self) -> None:
        """A worker that has claimed nothing yet."""
        self.claimer = Claimer()


_WORKER = _Worker()


@shared_task(name="marketplace.events.tasks.deliver", ignore_result=True)
def deliver() -> int:
    """Relay and handle what is due, for some seconds; a delivery that is not at its end asks for the next."""
    begin_nudged(services.NUDGE_KEY)
    return services.deliver_due(_WORKER.claimer)


@shared_task(name="marketplace.events.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """Run ``deliver`` on beat, for events whose nudge was lost."""
    return deliver()
