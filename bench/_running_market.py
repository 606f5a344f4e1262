"""The demo market with its listings on sale, and the processes that run it: web, the pipe's worker, beat."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import django

from bench._databases import FOLDER, create, drop, environment, migrate
from marketplace.runtime.layout import PROJECT
from marketplace.runtime.programs import WORKERS, web_program, worker_program

SETTINGS = "marketplace.settings.embedded"
START_SECONDS_MAX = 90
FUNDS_MINOR = 10**10
# The clients of a benchmark are a few participants that ask more often than people do.
RATE = "1000000/min"


@dataclass(frozen=True)
class Trader:
    """A participant of the demo market with its bearer token."""

    code: str
    organisation: str
    token: str


@dataclass(frozen=True)
class MarketForSale:
    """A running market: its address, a listing, its seller, and buyers with money."""

    base_url: str
    listing: str
    seller: Trader
    buyers: tuple[Trader, ...]


@contextmanager
def running_market(database: str, *, buyers: int) -> Iterator[MarketForSale]:
    """Make a demo market in ``database``, start its processes, and stop and drop all of it at the end."""
    create(database)
    migrate(database)
    os.environ.update(environment(database), DJANGO_SETTINGS_MODULE=SETTINGS, PARTICIPANT_RATE=RATE)
    logs = FOLDER / "log" / database
    logs.mkdir(parents=True, exist_ok=True)
    children: list[subprocess.Popen[bytes]] = []
    try:
        with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
            os.set_inheritable(listener.fileno(), True)  # noqa: FBT003
            base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            os.environ["SANPO_BASE_URL"] = base_url
            children.append(start("web", web_program(listener), logs, listener))
            children.extend(start(worker.name, worker_program(worker), logs) for worker in WORKERS)
            children.append(start("beat", beat_program(logs), logs))
            wait_until_answered(base_url)
            yield open_for_sale(base_url, buyers=buyers)
    finally:
        for child in children:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait(30)
        disconnect()
        drop(database)


def start(
    name: str, program: list[str], logs: Path, listener: socket.socket | None = None
) -> subprocess.Popen[bytes]:
    """Start one process of the market in a group of its own; its output goes to ``logs``."""
    with (logs / f"{name}.log").open("wb") as output:
        return subprocess.Popen(
            program,
            cwd=PROJECT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[listener.fileno()] if listener else [],
        )


def beat_program(logs: Path) -> list[str]:
    """Beat's command line, with its schedule beside the logs."""
    program = [sys.executable, "-m", "celery", "-A", "marketplace", "beat", "--pidfile="]
    return [*program, "--schedule", str(logs / "schedule"), "--loglevel", "WARNING"]


def wait_until_answered(base_url: str) -> None:
    """Wait until the web process answers; raises TimeoutError."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{base_url}/api/v1/evidence/keys/", timeout=5).close()  # noqa: S310  # our own address
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(f"no answer from {base_url}")


def open_for_sale(base_url: str, *, buyers: int) -> MarketForSale:
    """Open the demo market, admit its participants, list its data, pay money in and let business time run."""
    django.setup()
    from fixtures import declaration  # deferred: Django set up
    from fixtures.day.delivering import issue_token
    from fixtures.day.listing import list_data
    from fixtures.day.opening import admit_participants, open_market
    from fixtures.day.progress import Progress
    from fixtures.day.runner import Day
    from marketplace.kernel import clock

    day = Day(declaration.read(), Progress(3, sys.stdout), base_url)
    open_market(day)
    admit_participants(day)
    list_data(day)
    clock.move_to(clock.now(), running=True)
    row = day.declaration.listings[0]
    segment = row["segment"]
    codes = [
        found["code"]
        for found in day.declaration.applicants
        if segment in found.get("buys_in", ()) and found["code"] != row["seller"]
    ][:buyers]
    pay_in(day, codes)
    traders = [
        Trader(code, day.organisation(code), issue_token(day, code)) for code in [row["seller"], *codes]
    ]
    return MarketForSale(
        base_url, day.done[f"listing:{row['code']}"]["listing"], traders[0], tuple(traders[1:])
    )


def pay_in(day: object, codes: list[str]) -> None:
    """Pay money in for each buyer, more than a benchmark spends."""
    from clearing.bank.queries import pay_in_reference  # deferred: Django set up
    from clearing.bank.services import import_bank_statement
    from fixtures.day.bank import Movement, statement
    from marketplace.kernel import clock

    movements = [
        Movement(
            f"BENCH-{code}",
            "credit",
            FUNDS_MINOR,
            code.upper(),
            pay_in_reference(organisation=day.organisation(code)),  # type: ignore[attr-defined]
        )
        for code in codes
    ]
    import_bank_statement(
        actor=day.operator,  # type: ignore[attr-defined]
        content=statement(clock.today(), movements),
        file_name="bench.csv",
    )


def disconnect() -> None:
    """Close this process's own connections, so that the database can be dropped."""
    from django.db import connections  # deferred: Django set up

    connections.close_all()
