"""What all faults of a session start from: the same template databases, a warm parent, and a Redis of its own."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from django.db import connection, connections
from django.test import override_settings

from marketplace.runtime.ports import LOOPBACK
from marketplace.runtime.postgres import (
    APPLICATION_ROLE,
    DATABASE,
    OWNER_ROLE,
    EmbeddedPostgres,
    Passwords,
    binary,
)
from marketplace.runtime.processes import Child
from marketplace.runtime.redis_server import EmbeddedRedis
from marketplace.runtime.servers import server_environment
from tests.conftest import cloned_database
from tests.faults import day, market
from tests.faults.kill_points import CHECKPOINTS
from tests.faults.settings import EVENT_SUBSCRIPTIONS
from tests.faults.workers import WarmParent, Workers
from tests.timelines import count_this_server


@dataclass
class Broker:
    """A Redis that may be flushed, stopped and started again."""

    server: EmbeddedRedis
    child: Child | None = None

    @property
    def url(self) -> str:
        """Its address, the same after every start."""
        return self.server.url()

    def start(self) -> None:
        """Start it where it was."""
        self.child = self.server.start(
            server_environment(), outlive_us=False, preferred_port=self.server.port or None
        )

    def stop(self) -> None:
        """Kill it, with everything it holds."""
        if self.child is not None:
            self.child.process.send_signal(signal.SIGKILL)
            self.child.stop()
            self.child = None

    def flush(self) -> None:
        """Forget everything."""
        redis.Redis.from_url(self.url).flushall()


@dataclass
class OwnPostgres:
    """A PostgreSQL that may be ended at any moment; durable, as in production, for its commits must survive that."""

    server: EmbeddedPostgres
    child: Child

    def restart_immediately(self) -> None:
        """End it without a checkpoint (an immediate shutdown), and start it where it was; it recovers by itself."""
        connections.close_all()
        self.child.process.send_signal(signal.SIGQUIT)
        self.child.process.wait(30)
        port = self.server.port
        self.child = self.server.start(server_environment(), outlive_us=False, preferred_port=port)
        assert self.server.port == port

    def stop(self) -> None:
        """Stop it."""
        self.child.stop()


@dataclass
class Ground:
    """Templates by the stage that follows, what the undisturbed day came to, and the points that each part passes."""

    folder: Path
    parent: WarmParent
    broker: Broker
    server: OwnPostgres | None = None
    templates: dict[str, str] = field(default_factory=dict)
    expected: dict[str, Any] = field(default_factory=dict)
    passed: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)

    @contextlib.contextmanager
    def workers(self, name: str, **facts: Any) -> Iterator[Workers]:
        """Workers on the current database, killed at the end."""
        found = Workers(self.parent, self.folder / name, broker=self.broker.url, **facts)
        try:
            yield found
        finally:
            found.stop()

    def prepare(self, stack: contextlib.ExitStack, migrated: str, checkpoints: tuple[str, ...]) -> None:
        """Build the market, then run the day undisturbed, keeping a template at each of ``checkpoints``."""
        stack.enter_context(kept_database(migrated, market.build, self.templates, checkpoints[0]))
        starts = [day.NAMES.index(name) for name in checkpoints]
        for part, (first, last) in enumerate(zip(starts, [*starts[1:], None], strict=True)):
            name = checkpoints[part]
            following = checkpoints[part + 1] if last else "over"

            def run(name: str = name, first: int = first, last: int | None = last) -> None:
                with self.workers(f"undisturbed {first}") as workers:
                    day.Day(workers).run(first=first, last=last)
                    points = workers.points()
                    self.passed[name] = Counter((point["step"], point["position"]) for point in points)
                if last is None:
                    self.expected = day.judge(None)

            stack.enter_context(kept_database(self.templates[name], run, self.templates, following))


@contextlib.contextmanager
def kept_database(template: str, change: Any, names: dict[str, str], name: str) -> Iterator[None]:
    """A clone of ``template`` that ``change`` has worked on, kept under ``name`` in ``names`` with nobody connected."""
    before = connection.settings_dict["NAME"]
    with cloned_database(template) as clone:
        change()
        connections.close_all()
        connection.settings_dict["NAME"] = before
        names[name] = clone
        yield


@contextlib.contextmanager
def own_postgres(migrated: str, folder: Path) -> Iterator[tuple[OwnPostgres, str]]:
    """A PostgreSQL of the test's own that it is connected to, and the name of a migrated database there."""
    place = Path(tempfile.mkdtemp(dir=folder))
    embedded = EmbeddedPostgres(place, folder / "postgres.log", Passwords("root", "owner", "application"))
    child = embedded.start(server_environment(), outlive_us=False, preferred_port=None)
    own = OwnPostgres(embedded, child)
    facts = dict(connection.settings_dict)
    there = {
        "HOST": LOOPBACK,
        "PORT": embedded.port,
        "USER": OWNER_ROLE,
        "PASSWORD": "owner",
        "APPLICATION_LOGIN": {"USER": APPLICATION_ROLE, "PASSWORD": "application"},
        "NAME": DATABASE,
    }
    try:
        dumped = subprocess.run(
            [binary("pg_dump"), "--no-owner", _address(facts | {"NAME": migrated})],
            capture_output=True,
            check=True,
        ).stdout
        subprocess.run(
            [binary("psql"), "--quiet", "-v", "ON_ERROR_STOP=1", _address(there)],
            input=dumped,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        connections.close_all()
        connection.settings_dict.update(there)
        count_this_server()
        connections.close_all()
        yield own, DATABASE
    finally:
        connections.close_all()
        connection.settings_dict.update(facts)
        own.stop()


def _address(facts: dict[str, Any]) -> str:
    return "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**facts)


@contextlib.contextmanager
def prepared_ground(
    migrated: str, folder: Path, checkpoints: tuple[str, ...] = CHECKPOINTS
) -> Iterator[Ground]:
    """A ground on the database server that the test is connected to, taken down at the end."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(override_settings(EVENT_SUBSCRIPTIONS=EVENT_SUBSCRIPTIONS))
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        broker = Broker(EmbeddedRedis(place / "redis", folder / "redis.log", "of-the-campaign"))
        broker.start()
        stack.callback(broker.stop)
        parent = WarmParent(folder / "parent.log")
        stack.callback(parent.stop)
        ground = Ground(folder, parent, broker)
        ground.prepare(stack, migrated, checkpoints)
        yield ground
