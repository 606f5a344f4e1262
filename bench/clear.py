"""A cycle of 1,000,000 accepted trades from closing to posted, checked, beside the barest SQL and beside hordak.

Each size is loaded once and copied for every round; rounds of the floor stand around rounds of ours, and medians are
compared, because other programs may use the machine at the same time. The floor's rows were written just before it is
timed and are in the server's memory; a copied database is not, so it is read into it before each round. The check of
the cycle's invariants is inside the measured time; afterwards every invariant of clearing is verified, and the run
fails if one is broken.

The same trades among ten times as many participants show how clearing grows with participants, beside the floor at the
same size: how much more it must write and how much longer the barest SQL takes for that. The run also fails if a
transaction of a step is longer than the application role may take.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from marketplace.kernel.limits import TRANSACTION_SECONDS_MAX

from . import _databases as databases
from . import _floor as floor
from . import _hordak as hordak

TRADES = 1_000_000
PARTICIPANTS = 10_000
PARTICIPANTS_MANY = 100_000
SMALL = 100_000
ROUNDS = 3
EMPTY = "sanpo_clear_empty"


def main() -> None:
    """Run the rounds and write the figures as JSON to ``--output``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--trades", type=int, default=TRADES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    databases.allow_checkpoints()
    databases.create(EMPTY)
    databases.migrate(EMPTY)
    floor.prepare()
    small = measured(SMALL, arguments.rounds)
    large = measured(arguments.trades, arguments.rounds)
    wide = measured(arguments.trades, arguments.rounds, participants=PARTICIPANTS_MANY)
    result = figures(small, large, wide, hordak.measure())
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps({name: value for name, value in result.items() if not name.startswith("rounds")}))
    if result["broken"] or result["longest_transaction_seconds"] > TRANSACTION_SECONDS_MAX:
        raise SystemExit(1)


def measured(trades: int, rounds: int, *, participants: int = PARTICIPANTS) -> list[dict[str, Any]]:
    """Load ``trades`` among ``participants`` once, then clear a copy in each round, with the floor before each and after the last."""
    source = f"sanpo_clear_{trades}_{participants}"
    copy = f"{source}_round"
    databases.create(source, like=EMPTY)
    begun = time.perf_counter()
    child("bench._clear_input", source, "--trades", trades, "--participants", participants, owner=True)
    print(
        f"{trades:,} trades of {participants:,} participants loaded in {time.perf_counter() - begun:.0f} s",
        flush=True,
    )
    found: list[dict[str, Any]] = []
    before = floor.seconds(trades, participants)
    for number in range(1, rounds + 1):
        databases.create(copy, like=source)
        databases.warm(copy)
        databases.run("CHECKPOINT")
        options = ["--verify-all"] if number == rounds else []
        answer = json.loads(child("bench._clear_worker", copy, *options))
        after = floor.seconds(trades, participants)
        found.append(answer | {"floor_seconds": [before, after]})
        before = after
        print(
            f"{trades:,} trades, round {number}: {answer['seconds']:.2f} s {answer['steps']}, floor {after:.2f} s",
            flush=True,
        )
    for database in (copy, source):
        databases.drop(database)
    return found


def child(module: str, database: str, *arguments: Any, owner: bool = False) -> str:
    """What a program of the benchmark prints that works on ``database``."""
    program = [sys.executable, "-m", module, *map(str, arguments)]
    environment = databases.environment(database, owner=owner)
    return subprocess.run(program, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def figures(
    small: list[dict[str, Any]],
    large: list[dict[str, Any]],
    wide: list[dict[str, Any]],
    peer: dict[str, Any],
) -> dict[str, Any]:
    """The medians, and what they are to each other."""
    seconds = statistics.median(row["seconds"] for row in large)
    seconds_small = statistics.median(row["seconds"] for row in small)
    seconds_wide = statistics.median(row["seconds"] for row in wide)
    floor_seconds, floor_seconds_wide = floor_median(large), floor_median(wide)
    trades = large[0]["trades"]
    return {
        "trades": trades,
        "participants": PARTICIPANTS,
        "seconds": round(seconds, 3),
        "floor_seconds": round(floor_seconds, 3),
        "ratio": round(seconds / floor_seconds, 3),
        "trades_per_second": round(trades / seconds),
        **peer,
        "speedup_hordak": round(trades / seconds / peer["hordak_bulk_per_second"], 1),
        "seconds_100k": round(seconds_small, 3),
        "growth": round(seconds / seconds_small, 2),
        "seconds_100k_participants": round(seconds_wide, 3),
        "growth_100k_participants": round(seconds_wide / seconds, 2),
        "floor_seconds_100k_participants": round(floor_seconds_wide, 3),
        "floor_growth_100k_participants": round(floor_seconds_wide / floor_seconds, 2),
        "ratio_100k_participants": round(seconds_wide / floor_seconds_wide, 3),
        "longest_transaction_seconds": max(row["longest_transaction_seconds"] for row in (*large, *wide)),
        "peak_rss_mb": max(row["peak_rss_mb"] for row in large),
        "method": (
            f"medians of {len(large)} rounds; the floor ({len(large) + 1} times) without its first statement, around ours;"
            " both begin with their rows in the server's memory"
        ),
        "broken": {name: rows for row in (*small, *large, *wide) for name, rows in row["broken"].items()},
        "rounds": large,
        "rounds_100k": small,
        "rounds_100k_participants": wide,
    }


def floor_median(rounds: list[dict[str, Any]]) -> float:
    """The median of the floor's times around rounds of one size."""
    return statistics.median([rounds[0]["floor_seconds"][0], *(row["floor_seconds"][1] for row in rounds)])


if __name__ == "__main__":
    main()
