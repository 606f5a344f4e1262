"""Sealing evidence into an empty log and into one of 5,000,000 records, and the memory of a checkpoint there.

The long log has real records, leaves and tiles. PostgreSQL writes the records and hashes their entries by itself, which
is faster than the sealer; the measured process first compares a sample of the hashes with the entries that the market
makes of the records. Runs alone too: ``python -m bench._seal`` starts the benchmarks' servers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from marketplace.kernel.merkle import HASH_BYTES, packed_merkle_root
from marketplace.kernel.tiles import TILE_BYTES, TILE_WIDTH
from marketplace.runtime.commands import environment_for, supervised
from marketplace.runtime.servers import bench_servers

from . import _databases as databases

RECORDS = 5_000_000
WAITING = 60_000
TRANSACTION_RECORDS = 2_000
EMPTY = "sanpo_seal_empty"
DATABASE = "sanpo_seal"

LOAD_RECORDS = """
    INSERT INTO evidence_evidencerecord
           (id, public_id, kind, subject, actor, payload, occurred_at, recorded_at, salt)
    SELECT n, 'evi_' || lpad(n::text, 26, '0'), 'trade.secured', 'trd_' || lpad((n / 4)::text, 26, '0'), 'app_bench',
           jsonb_build_object('amount_minor', n, 'buyer', 'org_' || lpad(mod(n, 9973)::text, 26, '0'), 'currency', 'JPY',
                              'content', encode(sha256(int8send(n)), 'hex')),
           %(moment)s::timestamptz, %(moment)s::timestamptz, sha256(int8send(-n))
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""
# The commitment as marketplace.evidence.entries makes it: to the record's canonical JSON, its members sorted.
COMMITMENT = """sha256(sha256(int8send(-n)) || convert_to(
               '{"actor":"app_bench","id":"evi_' || lpad(n::text, 26, '0')
               || '","kind":"trade.secured","occurred_at":"' || %(moment)s || '","payload":{"amount_minor":' || n
               || ',"buyer":"org_' || lpad(mod(n, 9973)::text, 26, '0') || '","content":"' || encode(sha256(int8send(n)), 'hex')
               || '","currency":"JPY"},"recorded_at":"' || %(moment)s || '","subject":"trd_'
               || lpad((n / 4)::text, 26, '0') || '"}', 'UTF8'))"""
LOAD_TILES = f"""
    INSERT INTO evidence_tile (level, index, width, hashes)
    SELECT 0, (n - 1) / 256, count(*), string_agg(sha256('\\x00'::bytea || convert_to(
               '{{"commitment":"' || encode({COMMITMENT}, 'hex') || '","v":1}}', 'UTF8')), ''::bytea ORDER BY n)
      FROM generate_series(1::bigint, %(last)s::bigint) n GROUP BY 2 ORDER BY 2
"""
LOAD_LEAVES = f"""
    INSERT INTO evidence_leaf (index, record_id, commitment)
    SELECT n - 1, n, {COMMITMENT} FROM generate_series(1::bigint, %(last)s::bigint) n
"""
NOW = """SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS".500000+00:00"')"""
NEXT_KEY = "SELECT setval(pg_get_serial_sequence('evidence_evidencerecord', 'id'), %(last)s::bigint)"


def main() -> None:
    """Measure; print the figures as JSON, and write them to ``--output`` if it is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--records", type=int, default=RECORDS)
    arguments = parser.parse_args()
    if "DATABASE_URL" not in os.environ:
        with supervised(bench_servers(), "bench._seal") as supervisor:
            program = [sys.executable, "-m", "bench._seal", *sys.argv[1:]]
            raise SystemExit(supervisor.run("seal", program, environment_for(supervisor.servers, "bench")))
    result = measure(arguments.records)
    print(json.dumps(result))
    if arguments.output:
        arguments.output.write_text(json.dumps(result, indent=2) + "\n")


def measure(records: int = RECORDS) -> dict[str, Any]:
    """Records sealed a second into an empty log and after ``records``, and the memory of the processes in MB."""
    try:
        databases.create(EMPTY)
        databases.migrate(EMPTY)
        databases.create(DATABASE, like=EMPTY)
        wait_to_be_sealed(0)
        empty = worker("seal")
        databases.create(DATABASE, like=EMPTY)
        begun = time.perf_counter()
        load(records)
        print(f"{records:,} records loaded in {time.perf_counter() - begun:.0f} s", flush=True)
        checkpoint = worker("checkpoint")
        wait_to_be_sealed(records)
        long = worker("seal")
    finally:
        databases.drop(DATABASE)
        databases.drop(EMPTY)
    return {
        "records": records,
        "seal_per_second": round(long["sealed"] / long["seconds"]),
        "seal_per_second_empty": round(empty["sealed"] / empty["seconds"]),
        "seal_rss_mb": long["rss_mb"],
        "checkpoint_rss_mb_at_5m": checkpoint["rss_mb"],
        "checkpoint_seconds": checkpoint["seconds"],
    }


def worker(task: str) -> dict[str, Any]:
    """What a process of the market measures of itself while it seals or signs a checkpoint."""
    program = [sys.executable, "-m", "bench._seal_worker", task]
    environment = databases.environment(DATABASE)
    printed = subprocess.run(program, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    answer: dict[str, Any] = json.loads(printed)
    return answer


def server_time(connection: psycopg.Connection[Any]) -> str:
    """This moment, as an entry has it; the tables take no record of another time."""
    row = connection.execute(NOW).fetchone()
    assert row is not None
    return str(row[0])


def connect() -> psycopg.Connection[Any]:
    """A connection of the tables' owner."""
    return psycopg.connect(databases.named(databases.addresses()[1], DATABASE))


def wait_to_be_sealed(existing: int) -> None:
    """Write WAITING records after ``existing``, in transactions like those of services, but larger."""
    with connect() as connection:
        moment = server_time(connection)
        for first in range(existing + 1, existing + WAITING, TRANSACTION_RECORDS):
            rows = {"first": first, "last": first + TRANSACTION_RECORDS - 1, "moment": moment}
            connection.execute(LOAD_RECORDS, rows)
            connection.commit()


def load(records: int) -> None:
    """Write ``records`` sealed records: rows, tiles from level 0 up, leaves."""
    with connect() as connection:
        moment = server_time(connection)
        connection.execute(LOAD_RECORDS, {"first": 1, "last": records, "moment": moment})
        connection.execute(NEXT_KEY, {"last": records})
        connection.execute("ANALYZE evidence_evidencerecord")
        connection.execute(LOAD_TILES, {"last": records, "moment": moment})
        load_upper_tiles(connection)
        connection.execute(LOAD_LEAVES, {"last": records, "moment": moment})
    with connect() as connection:
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def load_upper_tiles(connection: psycopg.Connection[Any]) -> None:
    """Write the tiles of each level above 0: the roots of the full tiles below."""
    level = 0
    while content := b"".join(packed_merkle_root(hashes) for hashes in full_tiles(connection, level)):
        level += 1
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO evidence_tile (level, index, width, hashes) VALUES (%s, %s, %s, %s)",
                [
                    (level, at // TILE_BYTES, len(tile) // HASH_BYTES, tile)
                    for at in range(0, len(content), TILE_BYTES)
                    if (tile := content[at : at + TILE_BYTES])
                ],
            )


def full_tiles(connection: psycopg.Connection[Any], level: int) -> Iterator[bytes]:
    """The hashes of every full tile of a level, in order."""
    with connection.cursor(f"tiles_{level}") as cursor:
        cursor.itersize = TILE_WIDTH
        cursor.execute(
            "SELECT hashes FROM evidence_tile WHERE level = %s AND width = %s ORDER BY index",
            [level, TILE_WIDTH],
        )
        for (hashes,) in cursor:
            yield hashes


if __name__ == "__main__":
    main()
