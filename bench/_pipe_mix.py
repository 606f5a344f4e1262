"""The demo's own mix through the pipe: purchases of a whole market, handled by the market's handlers.

Contracts are prepared, the pipe's worker is halted, the buyers sign, and the worker goes on: it makes the trades, puts
their prices on hold, grants access, writes notices and tasks. The figure counts handlings from then until every event is
handled, while the market's other processes do what belongs to a purchase (mail, feed, evidence). Prints one line of JSON.
``check_invariants`` ends the run.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench._pipe_market import PIPE
from bench._running_market import Client, MarketForSale, running_market
from bench.conclude import CLIENTS, Contract, by_clients, prepare, wait_until_quiet

DATABASE = "bench_pipe_mix"
EACH = 25
DRAIN_SECONDS_MAX = 180

NEWEST = "SELECT coalesce(max(id), 0), clock_timestamp() FROM events_inboxentry"
DRAINED = """
    SELECT count(*), extract(epoch FROM max(handled_at) - %(began)s)::float8
      FROM events_inboxentry WHERE id > %(after)s AND state = 'handled'
"""
BY_HANDLER = """
    SELECT regexp_replace(handler, '^marketplace[.]', ''), count(*) FROM events_inboxentry
     WHERE id > %(after)s GROUP BY 1 ORDER BY 2 DESC, 1
"""


def main() -> None:
    """Run the purchases and print the figures."""
    with running_market(DATABASE, buyers=CLIENTS) as market:
        purchase(market, "warm", 2)
        figures = purchase(market, "mix", EACH)
        from marketplace.kernel.invariants import verify_all  # deferred: Django set up

        broken = [name for name, breaches in verify_all().items() if breaches]
    assert not broken, broken
    print(json.dumps(figures))


def purchase(market: MarketForSale, label: str, each: int) -> dict[str, Any]:
    """Let every client buy ``each`` times while the pipe's worker is halted, then drain; returns the figures."""
    contracts: dict[int, list[Contract]] = {}

    def prepare_all(client: int) -> None:
        buyer, seller = (Client(market.base_url, trader) for trader in (market.buyers[client], market.seller))
        contracts[client] = [
            prepare(buyer, seller, market.listing, f"{label}-{client}-{count}") for count in range(each)
        ]

    def sign_all(client: int) -> None:
        buyer = Client(market.base_url, market.buyers[client])
        for contract in contracts[client]:
            buyer.post(f"negotiations/{contract.negotiation}/sign/", {"signed_hash": contract.signed_hash})

    by_clients(prepare_all)
    wait_until_quiet()
    with halted(market.processes[PIPE.name]):
        by_clients(sign_all)
        ((after, began),) = rows(NEWEST)
    wait_until_drained()
    ((handlings, seconds),) = rows(DRAINED, after=after, began=began)
    return {
        "demo_mix_per_second": round(handlings / seconds),
        "demo_mix_purchases": CLIENTS * each,
        "demo_mix_handlings": handlings,
        "demo_mix_seconds": round(seconds, 1),
        "demo_mix_by_handler": dict(rows(BY_HANDLER, after=after)),
    }


@contextmanager
def halted(group: int) -> Iterator[None]:
    """Stop a group of processes, one of the market's workers, for a while; it must be idle."""
    os.killpg(group, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(group, signal.SIGCONT)


def wait_until_drained() -> None:
    """Wait until every event is handled; raises AssertionError."""
    from marketplace.events.queries import all_handled, counts  # deferred: Django set up

    deadline = time.monotonic() + DRAIN_SECONDS_MAX
    while not all_handled():
        assert time.monotonic() < deadline, f"not drained after {DRAIN_SECONDS_MAX} s: {counts()}"
        time.sleep(0.1)


def rows(statement: str, **parameters: object) -> list[tuple[Any, ...]]:
    """The rows that a statement selects."""
    from django.db import connection  # deferred: Django set up

    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


if __name__ == "__main__":
    main()
