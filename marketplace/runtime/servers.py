"""The database and the broker that a command uses: embedded ones of a folder, or real ones.

There are three sets of embedded servers, each with data, secrets and a lock of its own, so that tests and
benchmarks run beside a market that is being served: the market's in `var/`, the tests' in `var/test/`, the
benchmarks' in `var/bench/`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from marketplace.runtime.addresses import check_database, check_redis
from marketplace.runtime.errors import RuntimeRefusal, ServerFailure
from marketplace.runtime.facts import Facts, forget_facts, read_facts, read_secrets
from marketplace.runtime.layout import VAR, write_private
from marketplace.runtime.memory import make_place, place_in_memory, remove_place, stands
from marketplace.runtime.postgres import (
    APPLICATION_ROLE,
    OWNER_ROLE,
    EmbeddedPostgres,
    Passwords,
    leftover_server,
)
from marketplace.runtime.postgres import STOP_STEPS as POSTGRES_STOP_STEPS
from marketplace.runtime.processes import Child, read_record, read_records, stop
from marketplace.runtime.redis_server import EmbeddedRedis


@dataclass(frozen=True)
class RealServers:
    """Addresses given in the environment; an empty text where there is none."""

    database_url: str = ""
    database_owner_url: str = ""
    redis_url: str = ""

    def check(self) -> None:
        """Refuse an address that cannot be used, before anything is made."""
        if self.database_owner_url and not self.database_url:
            raise RuntimeRefusal("DATABASE_OWNER_URL is set but DATABASE_URL is not: set both, or neither")
        if self.database_url:
            check_database("DATABASE_URL", self.database_url)
        if self.database_owner_url and self.database_owner_url != self.database_url:
            check_database("DATABASE_OWNER_URL", self.database_owner_url)
        if self.redis_url:
            check_redis("REDIS_URL", self.redis_url)


def real_servers(environment: Mapping[str, str] = os.environ) -> RealServers:
    """Return the addresses that the environment gives."""
    return RealServers(
        database_url=environment.get("DATABASE_URL", ""),
        database_owner_url=environment.get("DATABASE_OWNER_URL", ""),
        redis_url=environment.get("REDIS_URL", ""),
    )


@dataclass
class ServerSet:
    """The servers of one folder. `start` is called by whoever holds the folder's lock.

    `in_memory`: PostgreSQL keeps its data in the memory of the machine where that has room, and it is gone at the end.
    """

    folder: Path
    durable: bool = True
    in_memory: bool = False
    real: RealServers = field(default_factory=real_servers)
    children: list[Child] = field(default_factory=list)
    facts: Facts | None = None

    @property
    def records(self) -> Path:
        """Where the processes of this set are written down."""
        return self.folder / "run"

    @property
    def logs(self) -> Path:
        """Where they log."""
        return self.folder / "log"

    @property
    def postgres_folder(self) -> Path:
        """Where PostgreSQL keeps its data: in memory while that place stands."""
        place = place_in_memory(self.folder)
        return place if stands(place) else self.folder / "postgres"

    def real_facts(self) -> Facts | None:
        """Return the addresses of real servers where the environment names both, else None."""
        if not (self.real.database_url and self.real.redis_url):
            return None
        return Facts(
            database_url=self.real.database_url,
            database_owner_url=self.real.database_owner_url or self.real.database_url,
            redis_url=self.real.redis_url,
        )

    def live_facts(self) -> Facts | None:
        """Return the addresses of embedded servers that run now, whoever started them, or None."""
        facts = read_facts(self.folder)
        if facts is None or self.real.database_url or self.real.redis_url:
            return None
        records = [read_record(self.records, name) for name in ("postgres", "redis")]
        return facts if all(record and record.alive() for record in records) else None

    def start(self, *, detached: bool = False) -> Facts:
        """Start what the environment does not name, and return every address.

        Servers that `servers` left running are used as they are; those of a killed run are stopped first.
        """
        found = self.live_facts()
        if found is not None and found.detached:
            self.stop_recorded(keep=("postgres", "redis"))
            self.facts = found
            return found
        self.stop_recorded()
        facts = Facts(
            database_url=self.real.database_url,
            database_owner_url=self.real.database_owner_url or self.real.database_url,
            redis_url=self.real.redis_url,
            detached=detached,
        )
        if not self.real.database_url:
            if self.in_memory:
                make_place(place_in_memory(self.folder))
            facts = self.start_postgres(facts)
        if not self.real.redis_url:
            facts = self.start_redis(facts)
        self.publish(facts)
        return facts

    def publish(self, facts: Facts) -> None:
        """Write the addresses down, for settings and for other commands."""
        self.facts = facts
        facts.write(self.folder)

    def start_postgres(self, facts: Facts) -> Facts:
        """Start the embedded PostgreSQL, on its last port where that is free; return the facts with it."""
        known = read_secrets(self.folder)
        server = EmbeddedPostgres(
            folder=self.postgres_folder,
            log=self.logs / "postgres.log",
            passwords=Passwords(known["superuser"], known["owner"], known["application"]),
            durable=self.durable,
        )
        child = server.start(
            server_environment(),
            outlive_us=facts.detached,
            preferred_port=self.last_port("postgres"),
        )
        self.keep(child, server.port)
        return replace(
            facts,
            database_url=server.url(APPLICATION_ROLE, known["application"]),
            database_owner_url=server.url(OWNER_ROLE, known["owner"]),
        )

    def start_redis(self, facts: Facts) -> Facts:
        """Start the embedded Redis, on its last port where that is free; return the facts with it."""
        server = EmbeddedRedis(
            folder=self.folder / "redis",
            log=self.logs / "redis.log",
            password=read_secrets(self.folder)["redis"],
        )
        child = server.start(
            server_environment(), outlive_us=facts.detached, preferred_port=self.last_port("redis")
        )
        self.keep(child, server.port)
        return replace(facts, redis_url=server.url())

    def keep(self, child: Child, port: int) -> None:
        """Remember a started server, in memory and on disk, with the port it got."""
        self.children = [known for known in self.children if known.record.name != child.record.name]
        self.children.append(child)
        child.record.write(self.records)
        write_private(self.folder / f"{child.record.name}.port", str(port))

    def restart(self, name: str) -> Child:
        """Start one of this set's servers again at the address that others already hold.

        Raises ServerFailure when the address has been taken meanwhile.
        """
        if self.facts is None:
            raise ServerFailure(f"{name} was never started")
        begin = {"postgres": self.start_postgres, "redis": self.start_redis}[name]
        if begin(self.facts) != self.facts:
            raise ServerFailure(f"{name} could not be started again at its address: another program has it")
        return next(child for child in self.children if child.record.name == name)

    def last_port(self, name: str) -> int | None:
        """Return the port that a server had last, so that addresses stay the same where they can."""
        try:
            return int((self.folder / f"{name}.port").read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None

    def stop(self) -> None:
        """Stop the servers that this object started, the last first."""
        while self.children:
            child = self.children.pop()
            child.stop()
            child.record.forget(self.records)
            if child.record.name == "postgres":
                remove_place(place_in_memory(self.folder))
        if self.facts is not None:
            if self.facts.detached:
                self.publish(replace(self.facts, base_url="", downloads_url=""))
            else:
                forget_facts(self.folder)

    def stop_recorded(self, keep: tuple[str, ...] = ()) -> list[str]:
        """Stop every process of this set that an earlier command left, and return their names.

        The processes that use the servers go first, the servers last.
        """
        records = [record for record in read_records(self.records) if record.name not in keep]
        records.sort(key=lambda record: record.name in ("postgres", "redis"))
        stopped = []
        for record in records:
            if record.alive():
                stopped.append(record.name)
                stop(record, POSTGRES_STOP_STEPS if record.name == "postgres" else None)
            record.forget(self.records)
        if "postgres" not in keep:
            for folder in {self.postgres_folder, self.folder / "postgres"}:
                leftover = leftover_server(folder / "data")
                if leftover is not None:
                    stopped.append(leftover.name)
                    stop(leftover, POSTGRES_STOP_STEPS)
            remove_place(place_in_memory(self.folder))
            forget_facts(self.folder)
        return stopped


def market_servers() -> ServerSet:
    """Return the set that `run` and `demo` use."""
    return ServerSet(VAR)


def test_servers() -> ServerSet:
    """Return the set that tests use: its databases are made and dropped, so it does not wait for the disk."""
    return ServerSet(VAR / "test", durable=False)


def suite_servers() -> ServerSet:
    """Return the same set with its data in memory: for every test, which makes and drops some hundred databases."""
    return replace(test_servers(), in_memory=True)


def bench_servers() -> ServerSet:
    """Return the set that benchmarks use: durable like the market's, as that is what is measured."""
    return ServerSet(VAR / "bench")


def server_environment() -> dict[str, str]:
    """Return the environment of an embedded server: nothing of ours that could change how it behaves."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
