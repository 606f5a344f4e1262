"""Starting, striking and replacing the campaign's workers, and asking them for work."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from celery import Celery
from django.conf import settings
from django.db import connection
from kombu.exceptions import OperationalError

from tests.faults.tripwire import STOP, Strike
from tests.processes import PROJECT, environment
from tests.roles import application_login

PLACE = ("NAME", "HOST", "PORT")


class WarmParent:
    """The process that forks workers (``tests.faults.worker``)."""

    def __init__(self, log: Path) -> None:
        """Start it, and wait until everything is loaded."""
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.worker"],
                cwd=PROJECT,
                env=environment() | {"DJANGO_SETTINGS_MODULE": "tests.faults.settings"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            )
        self._read("ready")

    def fork(self, request: dict[str, Any]) -> int:
        """A worker as the request says; its pid."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return int(self._read())

    def _read(self, expected: str | None = None) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        if not line or (expected and line != expected):
            raise AssertionError(f"the warm parent said {line!r}:\n{self.log.read_text()[-3000:]}")
        return line

    def stop(self) -> None:
        """End it and its workers."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()


@dataclass(frozen=True)
class Kind:
    """How a worker runs: Celery's pool, its processes, and what a kill of it takes along."""

    pool: str
    processes: int
    action: str

    def __str__(self) -> str:
        """As the campaign prints it."""
        return f"{self.pool} pool, {'whole worker' if self.action == 'kill_group' else 'working process'}"


SOLO = Kind("solo", 1, "kill")
CHILD = Kind("prefork", 2, "kill")
GROUP = Kind("prefork", 2, "kill_group")


@dataclass
class Workers:
    """The workers of one market: at most one alive at a time, but for those that are stalled."""

    parent: WarmParent
    folder: Path
    kind: Kind = SOLO
    strikes: list[Strike] = field(default_factory=list)
    broker: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    pid: int = 0
    left: list[int] = field(default_factory=list)
    armed: Strike | None = None
    sender: Celery = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is started before it is asked for."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.broker = self.broker or settings.REDIS_URL
        self.queue = f"faults_{connection.settings_dict['NAME']}"
        self.sender = Celery("sender", broker=self.broker, set_as_current=False)
        self.sender.conf.update(
            broker_transport_options=settings.CELERY_BROKER_TRANSPORT_OPTIONS, task_publish_retry=False
        )

    @property
    def journal(self) -> Path:
        """Where the workers write which points they came to."""
        return self.folder / "journal"

    @property
    def log(self) -> Path:
        """What the workers said."""
        return self.folder / "worker.log"

    def alive(self) -> bool:
        """Whether the worker still runs."""
        return self.pid != 0 and _runs(self.pid)

    def ensure(self) -> None:
        """Start a worker where none is alive, or the one alive is stalled; armed with the next strike if one is left."""
        if self.armed and self.armed.action == STOP and self.struck():
            self.left.append(self.pid)
            self.pid, self.armed = 0, None
        if self.alive():
            return
        strike = self.armed = self.strikes.pop(0) if self.strikes else None
        self.pid = self.parent.fork(
            {
                "database": {name: connection.settings_dict[name] for name in PLACE} | application_login(),
                "options": self.options,
                "queue": self.queue,
                "broker": self.broker,
                "pool": self.kind.pool,
                "processes": self.kind.processes,
                "strike": strike.as_message() if strike else None,
                "journal": str(self.journal),
                "log": str(self.log),
            }
        )

    def wake(self) -> None:
        """Let the stalled go on."""
        for pid in self.left:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGCONT)

    def ask(self, task: str, *arguments: Any) -> None:
        """Send a task as beat, a nudge or the web process would; without a broker it is lost."""
        self._send(task, arguments, self.queue)

    def command(self, name: str, call: str, arguments: dict[str, Any]) -> None:
        """Have an operator's command carried out, ahead of what beat and nudges have queued."""
        self._send("tests.faults.command", (name, call, arguments), f"{self.queue}_commands")

    def _send(self, task: str, arguments: tuple[Any, ...], queue: str) -> None:
        with contextlib.suppress(OperationalError):
            self.sender.send_task(
                task, args=arguments, queue=queue, expires=60, ignore_result=True, retry=False
            )

    def points(self) -> list[dict[str, Any]]:
        """The points that the workers came to, in order: step, position, whether it was struck there, pid."""
        if not self.journal.exists():
            return []
        return [json.loads(line) for line in self.journal.read_text().splitlines()]

    def struck(self) -> list[tuple[str, str]]:
        """The points at which a worker was struck."""
        return [(point["step"], point["position"]) for point in self.points() if point["struck"]]

    def stop(self) -> None:
        """Kill every worker."""
        for pid in (self.pid, *self.left):
            if pid:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
        self.sender.close()
        connection.close()


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
