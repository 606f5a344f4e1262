"""A worker process of the pipe's benchmark: delivers until its input ends, then prints what its claims took."""

from __future__ import annotations

import json
import sys
import threading
import time

import django
from django.conf import settings

IDLE_SECONDS = 0.02
WRITTEN, FAILING, SLEEPING = (
    f"bench.pipe_probe.handlers.{name}" for name in ("on_written", "on_failing", "on_sleeping")
)
SUBSCRIPTIONS = {
    "organisation.registered": (WRITTEN,),
    "participant.suspended": (FAILING,),
    "participant.reinstated": (SLEEPING,),
}


def main() -> None:
    """Deliver as the task does, without a broker between: an idle worker looks again after a moment."""
    settings.EVENT_SUBSCRIPTIONS = SUBSCRIPTIONS
    django.setup()
    from django.db import OperationalError, connection  # deferred: Django set up

    from marketplace.events import services  # deferred: Django set up
    from marketplace.events.claiming import Claimed, Claimer  # deferred: Django set up

    claims: list[float] = []
    claim = Claimer.claim

    def timed(claimer: Claimer) -> list[Claimed]:
        began = time.perf_counter()
        claimed = claim(claimer)
        if claimed:
            claims.append(time.perf_counter() - began)
        return claimed

    Claimer.claim = timed  # type: ignore[method-assign]
    ended = threading.Event()
    threading.Thread(target=wait_for_end, args=(ended,), daemon=True).start()
    print("ready", flush=True)
    while not ended.is_set():
        try:
            attempted = services.deliver_due()
        except OperationalError:
            # As after a task of Celery: the next delivery has a new session.
            connection.close()
            attempted = 0
        if not attempted:
            time.sleep(IDLE_SECONDS)
    print(json.dumps(claims), flush=True)


def wait_for_end(ended: threading.Event) -> None:
    """Set ``ended`` when the standard input ends."""
    sys.stdin.read()
    ended.set()


if __name__ == "__main__":
    main()
