"""A cycle of 1,000,000 accepted trades from closing to posted, checked, beside the barest SQL and beside hordak.

Each size is loaded once and copied for every round; rounds of the floor stand around rounds of ours, and medians are
compared, because other programs may use the machine at the same time. The floor's rows were written just before it is
timed and are in the server's memory; a copied database is not, so it is read into it before each round. The check of
the cycle's invariants is inside the measured time; afterwards every invariant of clearing is verified, and the run
fails if one is broken.
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

from . import _databases as databases
from . import _floor as floor
from . import _hordak as hordak

TRADES = 1_000_000
PARTICIPANTS = 10_000
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
    result = figures(small, large, hordak.measure())
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=2) + "\n")
    print(
        json.dumps({name: value for name, value in result.items() if name not in ("rounds", "rounds_100k")})
    )
    if result["broken"]:
        raise SystemExit(1)


def measured(trades: int, rounds: int) -> list[dict[str, Any]]:
    """Load ``trades`` once, then clear a copy in each round, with the floor before each and after the last."""
    source, copy = f"sanpo_clear_{trades}", f"sanpo_clear_{trades}_round"
    databases.create(source, like=EMPTY)
    begun = time.perf_counter()
    child("bench._clear_input", source, "--trades", trades, "--participants", PARTICIPANTS, owner=True)
    print(f"{trades:,} trades loaded in {time.perf_counter() - begun:.0f} s", flush=True)
    found: list[dict[str, Any]] = []
    before = floor.seconds(trades, PARTICIPANTS)
    for number in range(1, rounds + 1):
        databases.create(copy, like=source)
        databases.warm(copy)
        databases.run("CHECKPOINT")
        options = ["--verify-all"] if number == rounds else []
        answer = json.loads(child("bench._clear_worker", copy, *options))
        after = floor.seconds(trades, PARTICIPANTS)
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


def figures(small: list[dict[str, Any]], large: list[dict[str, Any]], peer: dict[str, Any]) -> dict[str, Any]:
    """The medians, and what they are to each other."""
    seconds = statistics.median(row["seconds"] for row in large)
    seconds_small = statistics.median(row["seconds"] for row in small)
    floors = [large[0]["floor_seconds"][0], *(row["floor_seconds"][1] for row in large)]
    floor_seconds = statistics.median(floors)
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
        "peak_rss_mb": max(row["peak_rss_mb"] for row in large),
        "method": (
            f"medians of {len(large)} rounds; the floor ({len(floors)} times) without its first statement, around ours;"
            " both begin with their rows in the server's memory"
        ),
        "broken": {name: rows for row in (*small, *large) for name, rows in row["broken"].items()},
        "rounds": large,
        "rounds_100k": small,
    }


if __name__ == "__main__":
    main()
