"""The demo market with its listings on sale, and the processes that run it: web, the pipe's worker, beat."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django

from bench._databases import FOLDER, create, drop, environment, migrate
from marketplace.runtime.layout import PROJECT
from marketplace.runtime.processes import launcher_command
from marketplace.runtime.programs import WEB_PROCESSES, WORKERS, serving_program, worker_program

START_SECONDS_MAX = 90
FUNDS_MINOR = 10**10
IDLE_SECONDS_MAX = 1.0
BENCHMARK_SECONDS_MAX = 12 * 3600
# The clients of a benchmark are a few participants that ask more often than people do.
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "marketplace.settings.embedded",
    "PARTICIPANT_RATE": "1000000/min",
    "DOWNLOADS_PER_BUYER_MAX": "1000",
}


@dataclass(frozen=True)
class Trader:
    """A participant of the demo market with its bearer token."""

    code: str
    organisation: str
    token: str


@dataclass(frozen=True)
class MarketForSale:
    """A running market: its address, its operator, a listing, its seller, buyers with money, and its processes."""

    base_url: str
    operator: Trader
    listing: str
    seller: Trader
    buyers: tuple[Trader, ...]
    processes: Mapping[str, int] = field(default_factory=dict)


class Client:
    """One participant's connection to the API, kept alive."""

    def __init__(self, base_url: str, trader: Trader) -> None:
        """Connect at the first request."""
        self.connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=30)
        self.used_at = 0.0
        self.headers = {"Authorization": f"Bearer {trader.token}", "Content-Type": "application/json"}

    def get(self, path: str) -> Any:
        """The answer to a GET; raises AssertionError unless it is 200."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The answer to a command; raises AssertionError for a refusal."""
        return self._ask("POST", path, json.dumps(body))

    def _ask(self, method: str, path: str, body: str | None) -> Any:
        if time.monotonic() - self.used_at > IDLE_SECONDS_MAX:
            # The server may have closed an idle connection; the next request opens another.
            self.connection.close()
        headers = {**self.headers, "Idempotency-Key": uuid.uuid4().hex} if method == "POST" else self.headers
        self.connection.request(method, f"/api/v1/{path}", body, headers)
        response = self.connection.getresponse()
        content = response.read()
        self.used_at = time.monotonic()
        assert response.status < 300, f"{method} {path}: {response.status} {content[:300]!r}"
        return json.loads(content)


@contextmanager
def running_market(
    database: str, *, buyers: int, settings: dict[str, str] | None = None
) -> Iterator[MarketForSale]:
    """Make a demo market in ``database``, start its processes, and stop and drop all of it at the end.

    ``settings``: environment variables of its processes, beside those that every benchmark sets.
    """
    create(database)
    migrate(database, SETTINGS)
    os.environ.update(environment(database), **SETTINGS, **(settings or {}))
    logs = FOLDER / "log" / database
    logs.mkdir(parents=True, exist_ok=True)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        with listening() as web, listening() as downloads:
            base_url, downloads_url = (
                f"http://127.0.0.1:{each.getsockname()[1]}" for each in (web, downloads)
            )
            os.environ.update(SANPO_BASE_URL=base_url, SANPO_DOWNLOADS_URL=downloads_url)
            for name in WEB_PROCESSES:
                children[name] = start(name, serving_program("web", web), logs, listener=web)
            children["downloads"] = start(
                "downloads", serving_program("downloads", downloads), logs, listener=downloads
            )
            for worker in WORKERS:
                children[worker.name] = start(
                    worker.name, worker_program(worker), logs, niceness=worker.niceness
                )
            children["beat"] = start("beat", beat_program(logs), logs)
            wait_until_answered(base_url)
            market = open_for_sale(base_url, buyers=buyers)
            yield replace(market, processes={name: child.pid for name, child in children.items()})
    finally:
        for child in children.values():
            os.killpg(child.pid, signal.SIGKILL)
            child.wait(30)
        disconnect()
        drop(database)


def listening() -> socket.socket:
    """A socket that listens on a free port of the loopback address, for a child to inherit."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    os.set_inheritable(listener.fileno(), True)  # noqa: FBT003
    return listener


def start(
    name: str,
    program: list[str],
    logs: Path,
    *,
    listener: socket.socket | None = None,
    niceness: int = 0,
) -> subprocess.Popen[bytes]:
    """Start one process of the market in a group of its own, as nice as ``make run`` starts it; it logs to ``logs``.

    It ends with this process, however that ends.
    """
    death_signal = signal.SIGQUIT if name.startswith("worker") else signal.SIGTERM
    options = [
        "--niceness",
        str(niceness),
        "--death-signal",
        str(int(death_signal)),
        "--parent",
        str(os.getpid()),
    ]
    with (logs / f"{name}.log").open("wb") as output:
        return subprocess.Popen(
            launcher_command(options, program),
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
    from fixtures.day.listing import list_data  # deferred: Django set up
    from fixtures.day.opening import admit_participants, open_market  # deferred: Django set up
    from fixtures.day.progress import Progress  # deferred: Django set up
    from fixtures.day.runner import Day  # deferred: Django set up
    from marketplace.kernel import clock  # deferred: Django set up

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
    operator, seller, *traders = (
        Trader(code, day.organisation(code), desk_token(day, code))
        for code in [day.declaration.operator["code"], row["seller"], *codes]
    )
    return MarketForSale(
        base_url, operator, day.done[f"listing:{row['code']}"]["listing"], seller, tuple(traders)
    )


def desk_token(day: object, code: str) -> str:
    """The token of a new person with every role: a benchmark measures the market, not who does what in it."""
    from fixtures.sessions import open_session  # deferred: Django set up
    from marketplace.kernel.actors import SYSTEM  # deferred: Django set up
    from marketplace.kernel.permissions import OPERATOR_ROLES, PARTICIPANT_ROLES  # deferred: Django set up
    from marketplace.participants.services import add_member  # deferred: Django set up

    is_operator = code == day.declaration.operator["code"]  # type: ignore[attr-defined]
    person = add_member(
        actor=SYSTEM,
        organisation=day.organisation(code),  # type: ignore[attr-defined]
        email=f"desk@{code}.example.jp",
        name="desk",
        roles=OPERATOR_ROLES if is_operator else PARTICIPANT_ROLES - {"trustee"},
    )
    # A benchmark outlasts a proof of the second factor, and nobody is there to prove it again.
    return open_session(person, proved_seconds_ago=-BENCHMARK_SECONDS_MAX)


def pay_in(day: object, codes: list[str]) -> None:
    """Pay money in for each buyer, more than a benchmark spends."""
    from clearing.bank.queries import pay_in_reference  # deferred: Django set up
    from fixtures.day.bank import Movement, carry_in, statement  # deferred: Django set up
    from marketplace.kernel import clock  # deferred: Django set up
    from marketplace.kernel.permissions import Permission  # deferred: Django set up

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
    carry_in(
        *day.two(Permission.CLEARING_WRITE),  # type: ignore[attr-defined]
        statement(clock.today(), movements),
        file_name="bench.csv",
    )


def disconnect() -> None:
    """Close this process's own connections, so that the database can be dropped."""
    from django.db import connections  # deferred: Django set up

    connections.close_all()
