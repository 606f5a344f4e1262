"""Workers and beat are seen by their heartbeats, answer probes on their own port, and add up their counters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.db import connection

from marketplace.observability.models import Heartbeat
from marketplace.observability.readiness import verify_readiness
from marketplace.runtime.ports import free_port
from tests.processes import worker

PROJECT = Path(__file__).parents[2]
WORK = "from marketplace.kernel.correlation import course\nwith course('job', 'trial.job'): pass\n"
SHOW = (
    "import django; django.setup()\n"
    "from marketplace.observability.collector import render_metrics\n"
    "print(render_metrics(with_gauges=False).decode())"
)


def wait_until(holds, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.2)


@pytest.fixture
def ported(monkeypatch) -> int:
    """A free port for probes, in the environment of the processes that the test starts."""
    port = free_port()
    monkeypatch.setenv("MONITOR_PORT", str(port))
    monkeypatch.setenv("PROCESS_NAME", "worker-trial")
    return port


def answer(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def test_a_worker_and_beat_are_seen_and_answer_probes(committed_database, ported, tmp_path):
    process = worker(tmp_path)
    try:
        wait_until(lambda: Heartbeat.objects.values("kind").distinct().count() == 2)
        lacking = {result.name for result in verify_readiness() if not result.is_ready}
        assert lacking & {"worker", "beat"} == set()
        wait_until(lambda: answer(ported, "/healthz")[0] == 200)
        assert json.loads(answer(ported, "/healthz")[1]) == {"status": "alive", "process": "worker-trial"}
        assert json.loads(answer(ported, "/readyz")[1])["checks"]["worker"] == "ok"
        assert answer(ported, "/metrics")[0] == 200
        assert answer(ported, "/other")[0] == 404
    finally:
        process.kill()
        connection.close()


def test_processes_of_one_kind_add_up_their_counters(tmp_path):
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "counters")}
    for program in ("import django; django.setup()\n" + WORK,) * 2:
        subprocess.run([sys.executable, "-c", program], cwd=PROJECT, env=environment, check=True)
    shown = subprocess.run(
        [sys.executable, "-c", SHOW], cwd=PROJECT, env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert 'sanpo_work_seconds_count{kind="job",name="trial.job",outcome="done"} 2.0' in shown.splitlines()
