"""A worker in the middle of long tasks is stopped within seconds, with every process of its own."""

import os
import sys
import time
from pathlib import Path

import psutil
from celery import Celery
from django.conf import settings

from marketplace.runtime.processes import spawn
from marketplace.runtime.programs import STOP_STEPS
from tests.processes import PROJECT


def test_a_worker_with_running_tasks_is_stopped_within_seconds(tmp_path: Path) -> None:
    prefix = f"sleeping_{os.getpid()}:"
    environment = os.environ | {
        "REDIS_URL": settings.REDIS_URL,
        "SLEEPING_PREFIX": prefix,
        "PYTHONPATH": str(PROJECT),
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    program = [sys.executable, "-m", "celery", "-A", "tests.runtime.sleeping", "worker", "--concurrency", "2"]
    program += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    sender = Celery("sender", broker=settings.REDIS_URL, set_as_current=False)
    sender.conf.broker_transport_options = {"global_keyprefix": prefix}
    begun = [tmp_path / "one", tmp_path / "two"]
    for path in begun:
        sender.send_task("tests.runtime.sleeping.sleep", args=[str(path)], queue="sleeping", expires=600)
    worker = spawn(
        "worker", program, environment=environment, log=tmp_path / "worker.log", stop_steps=STOP_STEPS
    )
    try:
        deadline = time.monotonic() + 60
        while not all(path.exists() for path in begun):
            assert worker.exit_code() is None, (tmp_path / "worker.log").read_text()
            assert time.monotonic() < deadline, (tmp_path / "worker.log").read_text()
            time.sleep(0.1)
        processes = [
            psutil.Process(worker.record.pid),
            *psutil.Process(worker.record.pid).children(recursive=True),
        ]
        assert len(processes) >= 3
        began = time.monotonic()
    finally:
        worker.stop()
    assert time.monotonic() - began < 10
    assert psutil.wait_procs(processes, timeout=5)[1] == []
