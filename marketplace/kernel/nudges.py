"""Nudges: requests to a worker to do at once what a sweep on beat would find later. One that is lost costs time only."""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app
from django.core.cache import cache
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

NUDGE_SECONDS = 5
"""A nudge with a key that is lost keeps others from being sent for so long; the sweep comes sooner."""


def send_nudge(task: str, *arguments: str, key: str = "", queue: str = "", wait_seconds: float = 0) -> bool:
    """Ask a worker to run ``task``; without a broker it only logs, and the sweep does the work.

    With a ``key`` at most one such request waits in the broker, until ``begin_nudged`` is called with it. Without a
    ``queue`` the task goes where the table of queues says. The worker runs it after ``wait_seconds``. Returns whether it was
    sent.
    """
    options: dict[str, Any] = {"queue": queue} if queue else {}
    if wait_seconds:
        options["countdown"] = wait_seconds
    try:
        if key and not cache.add(key, 1, NUDGE_SECONDS):
            return False
        current_app.send_task(task, args=arguments, retry=False, expires=60, ignore_result=True, **options)
    except (OperationalError, RedisError) as error:
        logger.warning("broker unavailable; the sweep will do %s: %s", " ".join((task, *arguments)), error)
        return False
    return True


def begin_nudged(key: str) -> None:
    """Let the next nudge with this key be sent: the worker that calls this looks at what is there from now on."""
    cache.delete(key)
