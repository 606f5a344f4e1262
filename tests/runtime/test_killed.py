"""`make run` through kill -9 of everything: the day is continued, a finished one is served again, nothing is left over."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from marketplace.runtime.facts import read_facts
from marketplace.runtime.layout import PROJECT
from marketplace.runtime.processes import read_records
from marketplace.runtime.programs import WEB_PROCESSES, WORKERS
from tests.runtime.test_command_line import OURS, run

CHAPTER_SECONDS_MAX = 900
PROGRAMS = (*WEB_PROCESSES, "downloads", *(worker.name for worker in WORKERS), "beat")


class Market:
    """A `run` of the command line in a folder of its own, which can be killed with everything that it started."""

    def __init__(self, var: Path) -> None:
        """Nothing runs yet; what the command says goes to a file beside ``var``."""
        self.var, self.output = var, var.with_name("output")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the command, its output empty."""
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "marketplace.runtime", "run"],
                cwd=PROJECT,
                env={**kept, "SANPO_VAR": str(self.var)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def supervisor(self) -> subprocess.Popen[bytes]:
        """The command's own process."""
        assert self.process is not None
        return self.process

    def said(self) -> str:
        """What the command has said since its start."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the command has said something that matches ``pattern``."""
        deadline = time.monotonic() + CHAPTER_SECONDS_MAX
        while not (found := re.search(pattern, self.said())):
            assert self.supervisor.poll() is None, self.said()[-3000:]
            assert time.monotonic() < deadline, self.said()[-3000:]
            time.sleep(0.1)
        return found

    def processes(self) -> list[psutil.Process]:
        """The command and everything below it."""
        if self.process is None or self.process.poll() is not None:
            return []
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def kill_everything(self) -> list[psutil.Process]:
        """Kill -9 the command and everything below it at once; returns what was killed."""
        found = self.processes()
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.supervisor.wait(30)
        psutil.wait_procs(found, timeout=30)
        return found

    def kill(self, name: str) -> None:
        """Kill -9 the recorded process of that name, and wait until it was started again."""
        record = next(record for record in read_records(self.var / "run") if record.name == name)
        os.kill(record.pid, signal.SIGKILL)
        self.wait_for(rf"sanpo: {name} died \(killed by SIGKILL\); starting it again")
        deadline = time.monotonic() + 60
        while not any(
            other.name == name and other.pid != record.pid and other.alive()
            for other in read_records(self.var / "run")
        ):
            assert time.monotonic() < deadline, self.said()[-3000:]
            time.sleep(0.1)

    def interrupt(self) -> int:
        """Press Ctrl-C, and return the exit status; the command must end within seconds."""
        self.supervisor.send_signal(signal.SIGINT)
        return self.supervisor.wait(20)

    def steps(self) -> list[str]:
        """The finished steps of the day."""
        facts = read_facts(self.var)
        assert facts is not None
        with psycopg.connect(facts.database_url) as connection:
            return [str(row[0]) for row in connection.execute("SELECT key FROM fixtures_daystep ORDER BY id")]


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Market]:
    """A market that is gone at the end, with all that it started."""
    found = Market(tmp_path / "var")
    yield found
    if found.processes():
        found.kill_everything()
    run(found.var, "clean")


def figures(report: str) -> dict[str, str]:
    """What a printed report says of what happened in the day."""
    names = ("Participants", "Agreements", "Trades", "Input hash", "Output hash", "Invariants")
    lines = report.splitlines()
    return {
        f"{number} {line[:26].strip()}": line[26:]
        for number, line in enumerate(line for line in lines if line.startswith(names))
    }


def test_a_market_is_killed_in_its_day_and_goes_on(market: Market) -> None:
    began = time.monotonic()
    market.start()
    market.wait_for(r"\[ 4/9\]")
    early = market.steps()
    assert market.kill_everything()
    # Every process of it is gone, and what it wrote down is what the next start finds.
    assert {record.name for record in read_records(market.var / "run")} >= {*PROGRAMS}

    market.start()
    market.wait_for(r"\[ 5/9\]")
    assert market.steps()[: len(early)] == early
    for name in ("redis", *PROGRAMS):
        market.kill(name)
    market.wait_for(r"\[ 7/9\]")
    market.kill("postgres")
    market.wait_for(r"sanpo: serving")
    first, day_seconds = market.said(), time.monotonic() - began
    assert "invariants: all hold" in first
    address = market.wait_for(r"API  +(http://\S+)")[1]
    market.kill_everything()

    market.start()
    began = time.monotonic()
    market.wait_for(r"sanpo: serving")
    seconds = time.monotonic() - began
    again = market.said()
    assert "This day is finished; this is its report." in again
    assert figures(again) == figures(first)
    assert market.wait_for(r"API  +(http://\S+)")[1] == address
    with urllib.request.urlopen(f"{address}evidence/keys/", timeout=30) as answer:  # noqa: S310  # our own address
        assert answer.status == 200
    # Nothing of the day is done again.
    assert seconds < day_seconds / 2
    # Long after they were started, what answers is started again on the sockets that it had.
    facts = read_facts(market.var)
    assert facts is not None
    for name in (*WEB_PROCESSES, "downloads"):
        market.kill(name)
        for base_url in (facts.base_url, facts.downloads_url):
            with urllib.request.urlopen(f"{base_url}/healthz", timeout=60) as answer:  # noqa: S310  # our own address
                assert answer.status == 200
    below = market.processes()
    assert market.interrupt() == 0
    assert psutil.wait_procs(below, timeout=5)[1] == []
    assert read_records(market.var / "run") == []

    market.start()
    market.wait_for(r"sanpo: bringing the database up to date")
    below = market.kill_everything()
    assert run(market.var, "clean").returncode == 0
    assert not market.var.exists()
    assert [process for process in below if process.is_running()] == []
