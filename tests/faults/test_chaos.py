"""200 purchases by 8 clients that try again, while every kind of process is killed 40 times: each exactly once.

Beside the kills: transactions that hold the commit horizon, a handler that sleeps in its transaction, and a job that kills
its worker. What is poisoned ends parked with a task for the operator; everything else comes through.
"""

from __future__ import annotations

import http.client
import itertools
import json
import random
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, transaction

from clearing.bank.queries import pay_in_reference
from clearing.models import Trade
from fixtures import declaration
from fixtures.day.bank import Movement, carry_in, statement
from fixtures.day.delivering import issue_token
from fixtures.day.listing import list_data
from fixtures.day.opening import admit_participants, open_market
from fixtures.day.progress import Progress
from fixtures.day.runner import Day
from marketplace.events.models import InboxEntry
from marketplace.jobs.models import Job
from marketplace.jobs.services import enqueue
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.notices.models import Task
from marketplace.participants.services import register_organisation
from marketplace.runtime.ports import free_port
from marketplace.runtime.programs import WORKERS, worker_program
from tests.conftest import cloned_database
from tests.faults.chaos.jobs import POISON
from tests.processes import Process
from tests.roles import owner_url

pytestmark = pytest.mark.campaign

PURCHASES = 200
CLIENTS = 8
KILLS = 40
FUNDS_MINOR = 10**10
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.faults.chaos_settings", "PARTICIPANT_RATE": "1000000/min"}
CLIENT_SECONDS_MAX = 300.0
QUIET_SECONDS_MAX = 300.0
HORIZON_SECONDS = 8


@dataclass
class Chaos:
    """A market on a database of its own, whose processes can be killed one by one."""

    folder: Path
    base_url: str
    processes: list[Process]
    kills: Counter[str] = field(default_factory=Counter)

    def kill(self, process: Process) -> None:
        """Kill -9 a process with its children, and start it again."""
        process.kill()
        self.kills[process.name] += 1
        process.start()


@contextmanager
def chaotic_market(folder: Path) -> Iterator[Chaos]:
    """The processes of `make run`, each of its own kind, on this test's database."""
    web, downloads = free_port(None), free_port(None)
    base_url, downloads_url = (f"http://127.0.0.1:{port}" for port in (web, downloads))
    settings = {**SETTINGS, "SANPO_BASE_URL": base_url, "SANPO_DOWNLOADS_URL": downloads_url}
    serving = [sys.executable, "-m", "marketplace.serving"]
    beat = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "marketplace",
        "beat",
        "--pidfile=",
        "--schedule",
        str(folder / "beat"),
    ]
    programs = {
        "web": [*serving, "web", "--bind", f"127.0.0.1:{web}"],
        "downloads": [*serving, "downloads", "--bind", f"127.0.0.1:{downloads}"],
        **{worker.name: worker_program(worker) for worker in WORKERS},
        "beat": beat,
    }
    processes = [
        Process(name, program, folder / f"{name}.log", **settings) for name, program in programs.items()
    ]
    try:
        yield Chaos(folder, base_url, processes)
    finally:
        for process in processes:
            process.kill()


class Client:
    """A participant's program: it tries every request again under its key until it has an answer."""

    def __init__(self, base_url: str, token: str) -> None:
        """``token``: the participant's bearer token."""
        self.base_url = base_url
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, path: str, body: dict[str, Any] | None = None, key: str = "") -> Any:
        """The JSON of the answer; a GET without ``body``, else a POST under ``key``."""
        return json.loads(self.fetch(path, body, key))

    def fetch(self, path: str, body: dict[str, Any] | None = None, key: str = "") -> bytes:
        """The bytes of the answer. Refusals other than for overload are errors of the test."""
        deadline = time.monotonic() + CLIENT_SECONDS_MAX
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        content = json.dumps(body).encode() if body is not None else None
        while True:
            request = urllib.request.Request(f"{self.base_url}/api/v1/{path}", content, headers)  # noqa: S310
            try:
                with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310  # our own address
                    answer: bytes = response.read()
                    return answer
            except urllib.error.HTTPError as error:
                if error.code < 500 and error.code != 429:
                    raise AssertionError(f"{path}: {error.code} {error.read()[:300]!r}") from error
            except (OSError, http.client.HTTPException):
                pass
            assert time.monotonic() < deadline, f"{path}: no answer within {CLIENT_SECONDS_MAX} s"
            time.sleep(0.3)


def buy(buyer: Client, seller: Client, listing: str, reference: str) -> None:
    """One purchase, from the request to the data."""
    negotiation = buyer.ask(
        "negotiations/", {"listing": listing, "reference": reference}, f"{reference}-ask"
    )["id"]
    signed = {"signed_hash": seller.ask(f"negotiations/{negotiation}/contract/")["signed_hash"]}
    seller.ask(f"negotiations/{negotiation}/sign/", signed, f"{reference}-seller")
    buyer.ask(f"negotiations/{negotiation}/sign/", signed, f"{reference}-buyer")
    agreement = buyer.ask(f"agreements/?reference={reference}")["results"][0]["id"]
    deadline = time.monotonic() + CLIENT_SECONDS_MAX
    while not (found := buyer.ask(f"deliveries/?agreement={agreement}")["results"]):
        assert time.monotonic() < deadline, f"{reference}: no access"
        time.sleep(0.3)
    delivery = buyer.ask(f"deliveries/{found[0]['id']}/")
    for file in delivery["distributions"]:
        content = buyer.fetch(f"deliveries/{delivery['id']}/distributions/{file['id']}/content/")
        assert len(content) == file["size_bytes"]


def open_for_sale(folder: Path, base_url: str) -> tuple[Day, str, str, list[str]]:
    """The demo market opened, with money paid in: the day, a listing, its seller's code and its buyers' codes."""
    with (folder / "day.log").open("w") as log:
        day = Day(declaration.read(), Progress(3, log), base_url)
        open_market(day)
        admit_participants(day)
        list_data(day)
    clock.move_to(clock.now(), running=True)
    row = day.declaration.listings[0]
    buyers = [
        found["code"]
        for found in day.declaration.applicants
        if row["segment"] in found.get("buys_in", ()) and found["code"] != row["seller"]
    ][:CLIENTS]
    return day, day.done[f"listing:{row['code']}"]["listing"], row["seller"], buyers


def pay_in(day: Day, codes: list[str]) -> None:
    """Money for every buyer, more than it spends."""
    movements = [
        Movement(
            f"CHAOS-{code}",
            "credit",
            FUNDS_MINOR,
            code,
            pay_in_reference(organisation=day.organisation(code)),
        )
        for code in codes
    ]
    carry_in(day.operator, day.second_person, statement(clock.today(), movements), file_name="chaos.csv")


def hold_horizon(stop: threading.Event) -> None:
    """Begin a transaction that writes, again and again, and leave each open for some seconds."""
    with psycopg.connect(owner_url()) as owner:
        while not stop.is_set():
            owner.execute("SELECT pg_current_xact_id()")
            stop.wait(HORIZON_SECONDS)
            owner.rollback()
            stop.wait(HORIZON_SECONDS)


def in_threads(works: list[Any]) -> list[BaseException]:
    """Run the works at the same time; returns what they raised."""
    failures: list[BaseException] = []

    def run(work: Any) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def wait_for(what: str, done: Any) -> None:
    """Wait until ``done()``, for a bounded time."""
    deadline = time.monotonic() + QUIET_SECONDS_MAX
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def count(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


PER_PURCHASE = """
    SELECT n.reference, count(DISTINCT n.id), count(DISTINCT a.id), count(DISTINCT t.id), count(DISTINCT e.id),
           count(DISTINCT d.id)
      FROM contracts_negotiation n
      LEFT JOIN contracts_agreement a ON a.negotiation_id = n.id
      LEFT JOIN clearing_trade t ON t.agreement = a.public_id
      LEFT JOIN clearing_entry e ON e.trade_id = t.id AND e.kind = 'hold'
      LEFT JOIN delivery_entitlement d ON d.agreement = a.public_id
     WHERE n.reference LIKE 'chaos-%' GROUP BY n.reference ORDER BY n.reference
"""


def test_every_purchase_comes_through_once(migrated_database, django_db_blocker, tmp_path_factory):
    folder = Path(tmp_path_factory.mktemp("chaos"))
    with django_db_blocker.unblock(), cloned_database(migrated_database), chaotic_market(folder) as chaos:
        day, listing, seller_code, buyers = open_for_sale(folder, chaos.base_url)
        pay_in(day, buyers)
        seller = issue_token(day, seller_code)
        tokens = [issue_token(day, code) for code in buyers]
        for number in range(2):
            register_organisation(
                actor=SYSTEM, name={"ja": f"停滞{number}", "en": f"Stalled {number}"}, corporate_number=None,
                kind="business", country="SG", address="x", representative="x",
            )  # fmt: skip
        with transaction.atomic():
            poison = enqueue(kind=POISON, subject="poison")
        numbers, over, stop = itertools.count(), threading.Event(), threading.Event()

        def purchase(token: str) -> None:
            buyer, owner = Client(chaos.base_url, token), Client(chaos.base_url, seller)
            while (number := next(numbers)) < PURCHASES:
                buy(buyer, owner, listing, f"chaos-{number:03d}")

        def destroy() -> None:
            chosen = random.Random(7)
            for number in range(KILLS):
                if number >= len(chaos.processes) and over.wait(chosen.uniform(2, 6)):
                    # The purchases are done: the remaining kills fall on what still runs behind them.
                    time.sleep(0.5)
                chaos.kill(chaos.processes[number % len(chaos.processes)])

        horizon = threading.Thread(target=hold_horizon, args=(stop,))
        killer = threading.Thread(target=destroy)
        horizon.start()
        killer.start()
        failures = in_threads([lambda token=token: purchase(token) for token in tokens])
        over.set()
        killer.join()
        stop.set()
        horizon.join()
        assert failures == []
        assert sum(chaos.kills.values()) == KILLS
        assert min(chaos.kills.values()) >= KILLS // len(chaos.processes)

        wait_for("poison parked", lambda: Job.objects.get(pk=poison.pk).state == "parked")
        stalled = InboxEntry.objects.filter(subscriber="chaos")
        wait_for(
            "stalled handlers parked", lambda: stalled.filter(state="parked").count() == stalled.count() > 0
        )
        others = InboxEntry.objects.exclude(subscriber="chaos").exclude(state="handled")
        wait_for("all other events handled", lambda: not others.exists())
        wait_for("tasks for the operator", lambda: Task.objects.filter(kind="repair", state="open").exists())
        mail = Job.objects.filter(kind="notices.send_mail").exclude(state="done")
        wait_for("all mail sent", lambda: not mail.exists())

        assert count(PER_PURCHASE) == [(f"chaos-{number:03d}", 1, 1, 1, 1, 1) for number in range(PURCHASES)]
        assert Trade.objects.filter(reference__startswith="chaos-", state="secured").count() == PURCHASES
        assert Job.objects.get(pk=poison.pk).attempts == POISON.attempts_max
        call_command("check_invariants")
