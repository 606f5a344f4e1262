"""Real processes around a test's database: a Celery worker with beat, the web and the downloads process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from tests.roles import application_url

PROJECT = Path(__file__).parents[1]
START_SECONDS_MAX = 60


def environment() -> dict[str, str]:
    """What a child process needs to work on this test's database, queue and files, as the application's role."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "marketplace.settings.test",
        "DATABASE_URL": application_url(),
        "REDIS_URL": settings.REDIS_URL,
        "STORAGE_DIRECTORY": str(settings.STORAGE_DIRECTORY),
        "PYTHONPATH": str(PROJECT),
    }


class Process:
    """A child process of a test, which can be killed and started again."""

    def __init__(self, name: str, program: list[str], log: Path, **limits: str) -> None:
        """Start ``program``; its output goes to ``log``. ``limits`` are settings of its environment."""
        self.name, self.program, self.log, self.limits = name, program, log, limits
        self.child: subprocess.Popen[bytes]
        self.start()

    def start(self) -> None:
        """Start the process, in a process group of its own."""
        with self.log.open("ab") as output:
            self.child = subprocess.Popen(
                self.program,
                cwd=PROJECT,
                env=environment() | self.limits,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill -9 the process and all its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait(30)


def worker(log_folder: Path) -> Process:
    """A real worker with an embedded beat, two processes, on this test's queue."""
    program = [sys.executable, "-m", "celery", "-A", "marketplace", "worker", "--beat", "--concurrency", "2"]
    program += [
        "--schedule",
        str(log_folder / "beat"),
        "--without-gossip",
        "--without-mingle",
        "--loglevel",
        "INFO",
    ]
    return Process("worker", program, log_folder / "worker.log")


@contextlib.contextmanager
def web(log_folder: Path, **limits: str) -> Iterator[str]:
    """A real web process; yields its address. ``limits`` are settings of its environment."""
    with _serving("web", log_folder, limits) as process:
        yield process.address


@contextlib.contextmanager
def downloads(log_folder: Path, **limits: str) -> Iterator[ServingProcess]:
    """A real downloads process. ``limits`` are settings of its environment."""
    with _serving("downloads", log_folder, limits) as process:
        yield process


@contextlib.contextmanager
def market(log_folder: Path, **limits: str) -> Iterator[str]:
    """A web process that sends those who want a file to a downloads process; yields the web process's address."""
    with (
        downloads(log_folder, **limits) as plane,
        web(log_folder, SANPO_DOWNLOADS_URL=plane.address, **limits) as base_url,
    ):
        yield base_url


@dataclass(frozen=True)
class ServingProcess:
    """A process that answers HTTP: its address and its process identifier."""

    address: str
    pid: int


@contextlib.contextmanager
def _serving(plane: str, log_folder: Path, limits: dict[str, str]) -> Iterator[ServingProcess]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        os.set_inheritable(listener.fileno(), True)
        log = log_folder / f"{plane}.log"
        with log.open("ab") as output:
            child = subprocess.Popen(
                [sys.executable, "-m", "marketplace.serving", plane, "--descriptor", str(listener.fileno())],
                cwd=PROJECT,
                env=environment() | limits,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[listener.fileno()],
                start_new_session=True,
            )
        try:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            _wait_for(address, log)
            yield ServingProcess(address, child.pid)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait(30)


def _wait_for(base_url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{base_url}/healthz", timeout=5).close()  # noqa: S310  # our own address
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"the process did not answer:\n{log.read_text()[-3000:]}")
