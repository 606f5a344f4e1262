"""The floor for clearing: the barest SQL that leaves the same durable facts, on the same server."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from marketplace.runtime.errors import ServerFailure
from marketplace.runtime.layout import PROJECT
from marketplace.runtime.postgres import binary

from . import _databases as databases

DATABASE = "sanpo_clear_floor"
SCRIPT = Path(os.environ.get("SHARED_BENCH", PROJECT.parent / "shared" / "bench")) / "clear_floor.sql"
START, END = "-- START OF THE TIMED PART", "-- END OF THE TIMED PART"


def prepare() -> None:
    """Make the database that the script fills. Raises FileNotFoundError where the script is not."""
    if not SCRIPT.is_file():
        raise FileNotFoundError(f"no {SCRIPT}: set SHARED_BENCH to the folder of clear_floor.sql")
    databases.create(DATABASE)


def seconds(trades: int, participants: int) -> float:
    """Seconds of the timed part but its first statement: our trades got their cycle beforehand."""
    try:
        times = _by_psql(str(binary("psql")), trades, participants)
    except ServerFailure:
        times = _by_driver(trades, participants)
    return sum(times[1:])


def _by_psql(program: str, trades: int, participants: int) -> list[float]:
    """The times that psql itself gives for the statements between the markers."""
    address = urlsplit(databases.addresses()[1])
    command = [program, "-X", "-h", str(address.hostname), "-p", str(address.port or 5432)]
    command += ["-U", str(address.username), "-d", DATABASE, "-v", f"n={trades}", "-v", f"p={participants}"]
    done = subprocess.run(
        [*command, "-f", str(SCRIPT)],
        env=os.environ | {"PGPASSWORD": address.password or "", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(found) / 1000 for found in re.findall(r"^Time: ([0-9.]+) ms", done.stdout, re.MULTILINE)]


def _by_driver(trades: int, participants: int) -> list[float]:
    """The same statements one by one, where there is no psql."""
    text = SCRIPT.read_text(encoding="utf-8").replace(":n)", f"{trades})").replace(":p)", f"{participants})")
    before, timed, after = re.split(f"{START}|{END}", text)
    times = []
    url = databases.named(databases.addresses()[1], DATABASE)
    with psycopg.connect(url, autocommit=True) as connection:
        for part in (before, timed, after):
            for statement in re.sub(r"^(\\|--).*$", "", part, flags=re.MULTILINE).split(";"):
                if statement.strip():
                    begun = time.perf_counter()
                    connection.execute(statement.encode())
                    times += [time.perf_counter() - begun] if part is timed else []
    return times
