"""Holding, capturing and returning money, 8 clients on one hot account and on many, beside pgbench's transaction.

One operation is a whole trade's money: concluded and held at once, then either captured for the cycle (accepted) or
returned (disputed and refunded), with everything that belongs to it: two or three journal entries, evidence and events,
each step in a transaction of its own. pgbench's default transaction (three updates, a read, an insert) on the same server
says what the machine gives at that moment. Medians of several rounds. ``statements_a_trade`` is the longer of both paths:
what is sent to the server between BEGIN and COMMIT, savepoints included; more than ``STATEMENTS_A_TRADE_MAX`` fails the
run, as a broken invariant of clearing does.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import statistics
import subprocess
import time
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django

from marketplace.kernel.invariants import verify_all
from marketplace.runtime.facts import read_facts
from marketplace.runtime.layout import VAR
from marketplace.runtime.postgres import binary

CLIENTS = 8
SECONDS = 6
ROUNDS = 3
FUNDS_MINOR = 10**12
PRICE_MINOR = 1_000
PGBENCH_SCALE = 10
START_SECONDS_MAX = 240
STATEMENTS_A_TRADE_MAX = 20

TAG = f"{time.time_ns():x}"


def main() -> None:
    """Run the rounds and write the figures as JSON to ``--output``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    django.setup()
    from bench._market import prepare  # deferred: Django set up

    buyers, seller = prepare(TAG, buyers=CLIENTS, funds_minor=FUNDS_MINOR)
    pgbench = Pgbench()
    pgbench.initialise()
    rounds = []
    for number in range(1, ROUNDS + 1):
        figures = {
            "hot_per_second": measure(f"h{number}", [buyers[0]] * CLIENTS, seller),
            "spread_per_second": measure(f"s{number}", buyers, seller),
            "pgbench_per_second": pgbench.measure(),
        }
        rounds.append(figures)
        print(
            f"round {number}: " + ", ".join(f"{name} {value:,.0f}" for name, value in figures.items()),
            flush=True,
        )
    result: dict[str, Any] = {
        name: round(statistics.median(row[name] for row in rounds), 1) for name in rounds[0]
    }
    statements = {
        "captured": count_statements("captured", buyers[0], seller, captured=True),
        "returned": count_statements("returned", buyers[0], seller, captured=False),
    }
    result |= {
        "hot_ratio": round(result["hot_per_second"] / result["pgbench_per_second"], 4),
        "spread_ratio": round(result["spread_per_second"] / result["pgbench_per_second"], 4),
        "statements_a_trade": max(statements.values()),
        "statements_by_path": statements,
        "clients": CLIENTS,
        "seconds_a_round": SECONDS,
        "rounds": rounds,
        "invariants_broken": broken_invariants(),
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps({name: value for name, value in result.items() if name != "rounds"}))
    if result["invariants_broken"] or result["statements_a_trade"] > STATEMENTS_A_TRADE_MAX:
        raise SystemExit(1)


def measure(label: str, buyers: list[str], seller: str) -> float:
    """Operations a second of one client process a buyer, all running for the same seconds."""
    context = multiprocessing.get_context("spawn")
    ready, counted = context.Barrier(len(buyers) + 1), context.Queue()
    clients = [
        context.Process(target=client, args=(f"{TAG}-{label}-{number}", buyer, seller, ready, counted))
        for number, buyer in enumerate(buyers)
    ]
    for process in clients:
        process.start()
    ready.wait(START_SECONDS_MAX)
    operations = sum(counted.get(timeout=SECONDS + START_SECONDS_MAX) for _ in clients)
    for process in clients:
        process.join(START_SECONDS_MAX)
    return operations / SECONDS


def client(label: str, buyer: str, seller: str, ready: Barrier, counted: Queue[int]) -> None:
    """One client: trades one after the other until the time is over, then tells how many."""
    django.setup()
    from bench._market import trade_money  # deferred: Django set up

    trade_money(f"{label}-warm", buyer, seller, PRICE_MINOR, captured=True)
    ready.wait(START_SECONDS_MAX)
    deadline, operations = time.monotonic() + SECONDS, 0
    while time.monotonic() < deadline:
        trade_money(f"{label}-{operations}", buyer, seller, PRICE_MINOR, captured=operations % 2 == 0)
        operations += 1
    counted.put(operations)


def count_statements(label: str, buyer: str, seller: str, *, captured: bool) -> int:
    """Statements of one trade's money, counted in this process once its caches are warm."""
    from bench._market import trade_money  # deferred: Django set up
    from bench._statements import statements_sent, within_transactions  # deferred: Django set up

    trade_money(f"{TAG}-{label}-warm", buyer, seller, PRICE_MINOR, captured=captured)
    with statements_sent() as sent:
        trade_money(f"{TAG}-{label}", buyer, seller, PRICE_MINOR, captured=captured)
    return len(within_transactions(sent))


def broken_invariants() -> list[str]:
    """Names of the invariants of clearing that do not hold."""
    return [name for name, breaches in verify_all("clearing").items() if breaches]


class Pgbench:
    """pgbench's own tables and default transaction, on the server that the market uses."""

    def __init__(self) -> None:
        """Find the program beside the server's own binaries, and the address that may make tables."""
        facts = read_facts(VAR / "bench")
        address = urlsplit(facts.database_owner_url if facts else os.environ["DATABASE_URL"])
        self.program = str(binary("pgbench"))
        self.options = [
            "-h",
            str(address.hostname),
            "-p",
            str(address.port or 5432),
            "-U",
            str(address.username),
        ]
        self.database = address.path.lstrip("/")
        self.environment = os.environ | {"PGPASSWORD": address.password or ""}

    def initialise(self) -> None:
        """Make and fill its tables."""
        self._run("-i", "-q", "-s", str(PGBENCH_SCALE))

    def measure(self) -> float:
        """Transactions a second with as many clients, for as long."""
        output = self._run("-c", str(CLIENTS), "-j", "2", "-T", str(SECONDS), "-n")
        found = re.search(r"tps = ([0-9.]+)", output)
        if found is None:
            raise RuntimeError(f"pgbench said nothing of its speed: {output[-500:]}")
        return float(found.group(1))

    def _run(self, *arguments: str) -> str:
        command = [self.program, *self.options, *arguments, self.database]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True)
        return done.stdout


if __name__ == "__main__":
    main()
