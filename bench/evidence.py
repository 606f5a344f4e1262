"""A log of 1,000,000 records verified by the one-file verifier, and records appended by 8 writers beside bare inserts.

The log is a real one: records, leaves and tiles in PostgreSQL, written as ``bench._seal`` writes them, then copied into a
bundle through what the public routes serve, with every record's opening and a checkpoint that was kept each hour of a year. The
verifier runs as a stranger runs it, in an interpreter that knows nothing of the market. A writer appends a record in a
transaction of its own, as the shortest service does; a bare insert is of the same columns into a table without index
or guard, committed likewise.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from marketplace.runtime.layout import PROJECT, VAR

from . import _databases as databases
from . import _seal

ENTRIES = 1_000_000
WRITERS = 8
SECONDS = 8.0
BARE_TABLE = """
    CREATE TABLE bench_bare (id bigint GENERATED ALWAYS AS IDENTITY, public_id text, kind text, subject text,
    actor text, payload jsonb, occurred_at timestamptz, recorded_at timestamptz DEFAULT now())
"""
VERIFIER = PROJECT / "verification" / "verify.py"


def main() -> None:
    """Measure, and write the figures as JSON to ``--output``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    arguments = parser.parse_args()
    try:
        result = measure(arguments.entries, arguments.seconds)
    finally:
        databases.drop(_seal.DATABASE)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))


def measure(entries: int, seconds: float) -> dict[str, Any]:
    """The figures of a log of ``entries`` and of writers that write for so many seconds."""
    databases.create(_seal.DATABASE)
    databases.migrate(_seal.DATABASE)
    databases.run(f"{BARE_TABLE}; GRANT ALL ON bench_bare TO PUBLIC", database=_seal.DATABASE)
    appended = written("append", seconds)
    inserted = written("insert", seconds)
    databases.create(_seal.DATABASE)
    databases.migrate(_seal.DATABASE)
    _seal.load(entries)
    with tempfile.TemporaryDirectory(dir=VAR / "bench") as folder:
        stated = json.loads(program("bundle", folder))
        took = verified(Path(folder), stated["key"])
    return {
        "entries": stated["entries"],
        "verify_seconds": round(took, 2),
        "append_per_second": round(appended / seconds),
        "insert_per_second": round(inserted / seconds),
        "append_ratio": round(appended / inserted, 3),
        "writers": WRITERS,
    }


def verified(folder: Path, key: str) -> float:
    """The seconds that the one-file verifier takes; raises CalledProcessError if it finds a fault."""
    command = [sys.executable, "-I", str(VERIFIER), str(folder), "--key", key, "--kept", str(folder / "kept")]
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def written(task: str, seconds: float) -> int:
    """How many rows WRITERS processes write in ``seconds``, all of them at the same time."""
    begin = str(time.time() + 20)
    writers = [
        subprocess.Popen(
            worker(task, str(seconds), begin), env=environment(), stdout=subprocess.PIPE, text=True
        )
        for _ in range(WRITERS)
    ]
    answers = [writer.communicate()[0] for writer in writers]
    if any(writer.returncode for writer in writers):
        raise RuntimeError(f"a writer of {task} failed")
    return sum(int(answer) for answer in answers)


def program(task: str, *arguments: str) -> str:
    """What the worker prints that carries out ``task``."""
    done = subprocess.run(
        worker(task, *arguments), env=environment(), check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def worker(task: str, *arguments: str) -> Sequence[str]:
    """The command line of a worker."""
    return [sys.executable, "-m", "bench._evidence_worker", task, *arguments]


def environment() -> dict[str, str]:
    """The environment of workers: the market's own, on the benchmark's database."""
    return databases.environment(_seal.DATABASE)


if __name__ == "__main__":
    main()
