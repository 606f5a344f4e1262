"""A posted cycle of 1,000,000 trades among 10,000 participants until its payments are planned and its invoices written.

The trades are those of ``bench.clear``, loaded and cleared once, off the clock; each round settles a copy of that database.
Afterwards the floor (``settle_floor.sql``) writes the same payments and invoices in the same database, in bare SQL without
guards, numbering lock or keys but the primary ones, and what both wrote is compared, document by document. The run gives no
figures, and fails, if an invariant of clearing is broken, the rows differ, a participant was not told exactly once, or a
transaction is longer than the application role may take.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from pathlib import Path
from typing import Any

import psycopg

from marketplace.kernel.limits import TRANSACTION_SECONDS_MAX

from . import _databases as databases
from .clear import EMPTY, child

TRADES = 1_000_000
PARTICIPANTS = 10_000
ROUNDS = 1
FLOOR = Path(__file__).with_name("settle_floor.sql")

_GIVEN = """
    SELECT c.id AS cycle, (SELECT id FROM participants_organisation WHERE is_operator) AS operator, c.trades AS sales,
           (SELECT max(issued_on) FROM clearing_invoice) AS today,
           (SELECT max(send_by) FROM clearing_settlementinstruction) AS send_by,
           (SELECT document ->> 'notes' FROM clearing_invoice WHERE purpose = 'purchase' LIMIT 1) AS sale_notes,
           (SELECT document ->> 'notes' FROM clearing_invoice WHERE purpose = 'fee' LIMIT 1) AS fee_notes
      FROM clearing_cycle c WHERE c.posted_at IS NOT NULL
"""


def main() -> None:
    """Run the rounds and write the figures as JSON to ``--output``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--trades", type=int, default=TRADES)
    parser.add_argument("--participants", type=int, default=PARTICIPANTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    databases.allow_checkpoints()
    databases.create(EMPTY)
    databases.migrate(EMPTY)
    rounds = measured(arguments.trades, arguments.participants, arguments.rounds)
    faults = [fault for row in rounds for fault in faults_of(row)]
    if faults:
        raise SystemExit("\n".join(["no figures:", *faults]))
    result = figures(rounds, arguments.participants)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps({name: value for name, value in result.items() if name != "rounds"}))


def measured(trades: int, participants: int, rounds: int) -> list[dict[str, Any]]:
    """Load and clear ``trades`` among ``participants`` once, then settle a copy in each round, with the floor after it."""
    source = f"sanpo_settle_{trades}_{participants}"
    copy = f"{source}_round"
    databases.create(source, like=EMPTY)
    begun = time.perf_counter()
    child("bench._clear_input", source, "--trades", trades, "--participants", participants, owner=True)
    child("bench._settle_worker", source, "--post")
    print(
        f"{trades:,} trades of {participants:,} participants posted in {time.perf_counter() - begun:.0f} s",
        flush=True,
    )
    found: list[dict[str, Any]] = []
    for number in range(1, rounds + 1):
        databases.create(copy, like=source)
        databases.warm(copy)
        databases.run("CHECKPOINT")
        answer = json.loads(child("bench._settle_worker", copy))
        databases.run("CHECKPOINT")
        found.append(answer | floor(copy))
        print(f"{trades:,} trades, round {number}: {json.dumps(found[-1])}", flush=True)
    for database in (copy, source):
        databases.drop(database)
    return found


def floor(database: str) -> dict[str, Any]:
    """Seconds of the bare SQL for payments and for invoices, each one transaction, and the rows that differ from ours."""
    _, prepare, payments, invoices, compare = re.split(
        r"^-- (?:PREPARE|PAYMENTS|INVOICES|COMPARE)$", FLOOR.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    seconds: dict[str, float] = {}
    url = databases.named(databases.addresses()[1], database)
    with psycopg.connect(url, row_factory=psycopg.rows.dict_row) as connection:
        given = connection.execute(_GIVEN).fetchone()
        connection.execute(prepare.encode())
        connection.commit()
        for name, part in {"plan": payments, "invoice": invoices}.items():
            begun = time.perf_counter()
            for statement in part.split(";\n"):
                if statement.strip():
                    connection.execute(statement.encode(), given)
            connection.commit()
            seconds[f"floor_{name}_seconds"] = time.perf_counter() - begun
        unlike = {row["what"]: row["count"] for row in connection.execute(compare.encode()).fetchall()}
    return {**seconds, "unlike": unlike}


def faults_of(row: dict[str, Any]) -> list[str]:
    """What of a round refuses its figures."""
    faults = [f"{name}: {found}" for name, found in row["broken"].items()]
    faults += [f"{count} {what} differ from the floor's" for what, count in row["unlike"].items() if count]
    if row["longest_transaction_seconds"] > TRANSACTION_SECONDS_MAX:
        faults.append(f"a transaction took {row['longest_transaction_seconds']} s")
    return faults


def figures(rounds: list[dict[str, Any]], participants: int) -> dict[str, Any]:
    """The medians, and what they are to the floor."""

    def median(name: str) -> float:
        return statistics.median(row[name] for row in rounds)

    return {
        "trades": rounds[0]["trades"],
        "participants": participants,
        "plan_seconds": round(median("plan_seconds"), 3),
        "invoice_seconds": round(median("invoice_seconds"), 3),
        "plan_ratio": round(median("plan_seconds") / median("floor_plan_seconds"), 3),
        "invoice_ratio": round(
            (median("invoice_seconds") - median("plan_seconds")) / median("floor_invoice_seconds"), 3
        ),
        "peak_rss_mb": max(row["peak_rss_mb"] for row in rounds),
        "told_seconds": round(median("told_seconds"), 3),
        "floor_plan_seconds": round(median("floor_plan_seconds"), 3),
        "floor_invoice_seconds": round(median("floor_invoice_seconds"), 3),
        "payments": rounds[0]["payments"],
        "invoices": rounds[0]["invoices"],
        "longest_transaction_seconds": max(row["longest_transaction_seconds"] for row in rounds),
        "method": (
            f"medians of {len(rounds)} rounds; seconds count from posted, payments come first; the ratio of invoices is of"
            " the time after the payments; the floor writes the same rows by bare SQL in the same database afterwards"
        ),
        "rounds": rounds,
    }


if __name__ == "__main__":
    main()
