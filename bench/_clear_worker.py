"""The measured process of the clearing benchmark: it takes one cycle from closing to posted, as a worker does.

Prints one line of JSON: the seconds of each step and of the check of the cycle, the number of its transactions and the
longest of them, the peak of its memory, and what is broken, over every invariant of clearing, after the clock has stopped.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from typing import Any

import django
from django.db.backends.postgresql.base import DatabaseWrapper

CURRENCY = "JPY"


class TransactionWatch:
    """The seconds of every transaction of this process from now on, on all its connections."""

    def __init__(self) -> None:
        """Begin to watch."""
        self.seconds: list[float] = []
        self._begun: dict[int, float] = {}
        switch = DatabaseWrapper.set_autocommit

        def watched(connection: DatabaseWrapper, autocommit: bool, *arguments: Any, **options: Any) -> None:  # noqa: FBT001  Django's own signature
            switch(connection, autocommit, *arguments, **options)
            begun = self._begun.pop(id(connection), None)
            if autocommit and begun is not None:
                self.seconds.append(time.perf_counter() - begun)
            elif not autocommit:
                self._begun[id(connection)] = time.perf_counter()

        DatabaseWrapper.set_autocommit = watched


def main() -> None:
    """Clear the open cycle of the database named by the environment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--verify-all", action="store_true", help="verify every invariant of clearing afterwards"
    )
    arguments = parser.parse_args()
    django.setup()
    print(json.dumps(clear(verify_everything=arguments.verify_all)))


def clear(*, verify_everything: bool) -> dict[str, Any]:
    """Close, validate, net, post and check; then, off the clock, verify everything if asked."""
    # deferred: Django set up
    from celery import current_app

    from clearing.models import Cycle
    from clearing.run.invariants import verify_cycle
    from clearing.run.services.cycles import advance_cycle, close_cycle
    from marketplace.kernel.invariants import verify_all

    from ._market import operator_actor

    actor = operator_actor()
    watch = TransactionWatch()
    cycle = Cycle.objects.get(currency=CURRENCY, state="open")
    # A worker that gets a task has its application loaded, and its connections.
    current_app.loader.import_default_modules()
    current_app.events, current_app.AsyncResult, current_app.backend  # noqa: B018  each is made when it is asked for
    with current_app.producer_pool.acquire(block=True) as producer:
        producer.connection.ensure_connection(max_retries=1)
    steps: dict[str, float] = {}
    begun = time.perf_counter()
    close_cycle(actor=actor, cycle=cycle.public_id)
    steps["closing"] = time.perf_counter() - begun
    for state in ("validated", "netted", "posted"):
        step, reached = time.perf_counter(), ""
        while reached != state:
            reached = advance_cycle(cycle=cycle.public_id) or ""
            if not reached:
                raise RuntimeError(f"the cycle does not become {state}")
        steps[state] = time.perf_counter() - step
    transactions = list(watch.seconds)
    step = time.perf_counter()
    cycle.refresh_from_db()
    broken = {name: found for name, found in verify_cycle(cycle).items() if found}
    steps["checked"] = time.perf_counter() - step
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if verify_everything:
        step = time.perf_counter()
        broken |= {name: found for name, found in verify_all("clearing").items() if found}
        steps["everything_verified"] = time.perf_counter() - step
    return {
        "seconds": seconds,
        "steps": {name: round(value, 3) for name, value in steps.items()},
        "transactions": len(transactions),
        "longest_transaction_seconds": round(max(transactions), 3),
        "peak_rss_mb": round(peak, 1),
        "trades": cycle.trades,
        "merkle_root": cycle.merkle_root,
        "broken": json.loads(json.dumps(broken, default=str)),
    }


if __name__ == "__main__":
    main()
