"""A whole market whose processes can be killed one by one, its servers among them, and whose database can be restored."""

from __future__ import annotations

import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from django.db import connections

from clearing.bank.queries import pay_in_reference
from fixtures import declaration
from fixtures.day.bank import Movement, carry_in, statement
from fixtures.day.listing import list_data
from fixtures.day.opening import admit_participants, open_market
from fixtures.day.progress import Progress
from fixtures.day.runner import Day
from fixtures.sessions import open_session
from marketplace.kernel import clock
from marketplace.kernel.permissions import Permission
from marketplace.participants.models import Organisation
from marketplace.runtime.layout import VAR
from marketplace.runtime.ports import free_port
from marketplace.runtime.programs import WORKERS, worker_program
from marketplace.runtime.redis_server import EmbeddedRedis
from tests.archiving import ArchivingServer, archiving_server, filled
from tests.faults.chaos_clients import Client, Trading
from tests.faults.ground import Broker
from tests.participants.factories import person_of
from tests.processes import Process
from tests.roles import owner_url

SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.faults.chaos_settings", "PARTICIPANT_RATE": "1000000/min"}
FUNDS_MINOR = 10**10
HORIZON_SECONDS = 6
CAMPAIGN_SECONDS_MAX = 6 * 3600


@dataclass
class ChaoticMarket:
    """The processes of ``make run`` on a database server and a broker of their own."""

    base_url: str
    database: ArchivingServer
    broker: Broker
    processes: list[Process]
    kills: Counter[str] = field(default_factory=Counter)
    restorations: int = 0

    def victims(self) -> list[tuple[str, Callable[[], None]]]:
        """Every kind of process by its name, and what kills it and starts it again."""
        servers = [("postgres", self._kill_database), ("redis", self._kill_broker)]
        return [
            (process.name, lambda process=process: _kill(process)) for process in self.processes
        ] + servers

    def kill(self, number: int) -> None:
        """Kill -9 a process and start it again: each kind in its turn."""
        victims = self.victims()
        name, strike = victims[number % len(victims)]
        strike()
        self.kills[name] += 1

    def restore(self, moment: str) -> None:
        """Lose the database's machine, restore the database to ``moment``, and start the market again."""
        for process in self.processes:
            process.kill()
        self.restorations += 1
        self.database.restore(moment)
        for process in self.processes:
            process.start()

    def _kill_database(self) -> None:
        self.database.kill()
        self.database.start()

    def _kill_broker(self) -> None:
        self.broker.stop()
        self.broker.start()


def _kill(process: Process) -> None:
    process.kill()
    process.start()


@contextmanager
def chaotic_market(folder: Path) -> Iterator[ChaoticMarket]:
    """A market on a copy of this test's database, to which the test is connected as well."""
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        archiving_server(VAR / "test" / "chaos", durable=True) as database,
        filled(database),
    ):
        broker = Broker(EmbeddedRedis(Path(place), folder / "redis.log", "of-the-chaos"))
        broker.start()
        web, downloads = (f"127.0.0.1:{free_port(None)}" for _ in range(2))
        settings = {
            **SETTINGS,
            "REDIS_URL": broker.url,
            "SANPO_BASE_URL": f"http://{web}",
            "SANPO_DOWNLOADS_URL": f"http://{downloads}",
        }
        celery = [sys.executable, "-m", "celery", "-A", "marketplace"]
        programs = {
            "web": [sys.executable, "-m", "marketplace.serving", "web", "--bind", web],
            "downloads": [sys.executable, "-m", "marketplace.serving", "downloads", "--bind", downloads],
            **{worker.name: worker_program(worker) for worker in WORKERS},
            "beat": [*celery, "beat", "--pidfile=", "--schedule", str(folder / "beat")],
        }
        processes: list[Process] = []
        try:
            for name, program in programs.items():
                processes.append(Process(name, program, folder / f"{name}.log", **settings))
            yield ChaoticMarket(f"http://{web}", database, broker, processes)
        finally:
            for process in processes:
                process.kill()
            broker.stop()


@dataclass(frozen=True)
class Sale:
    """A market that is open for trading, with the buyers' money paid in."""

    day: Day
    tradings: list[Trading]


def open_for_sale(folder: Path, base_url: str, *, clients: int) -> Sale:
    """Open the demo market; so many of its participants will buy one listing."""
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
    ][:clients]
    _pay_in(day, buyers)
    listing = day.done[f"listing:{row['code']}"]["listing"]
    seller, *tokens = (_desk(day, code) for code in (row["seller"], *buyers))
    return Sale(
        day, [Trading(Client(base_url, token), Client(base_url, seller), listing) for token in tokens]
    )


def _desk(day: Day, code: str) -> str:
    """The token of a new person who does everything for a participant, all the campaign long."""
    organisation = Organisation.objects.get(public_id=day.organisation(code))
    person = person_of(organisation, f"desk-{code}")
    # The campaign outlasts a proof of the second factor, and nobody is there to prove it again.
    return open_session(person, proved_seconds_ago=-CAMPAIGN_SECONDS_MAX)


def _pay_in(day: Day, codes: list[str]) -> None:
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
    carry_in(*day.two(Permission.CLEARING_WRITE), statement(clock.today(), movements), file_name="chaos.csv")


def hold_horizon(stop: threading.Event) -> None:
    """Begin a transaction that writes, again and again, and leave each open for some seconds."""
    while not stop.is_set():
        try:
            with psycopg.connect(owner_url(), connect_timeout=5) as owner:
                owner.execute("SELECT pg_current_xact_id()")
                stop.wait(HORIZON_SECONDS)
                owner.rollback()
        except psycopg.OperationalError:
            # The server was killed, or is being restored.
            pass
        stop.wait(HORIZON_SECONDS)


def reconnect() -> None:
    """Forget this thread's connections, which a killed server has broken."""
    connections.close_all()
