"""What workers and beat do for the operator: record heartbeats and answer probes, in threads of their main process."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from logging.config import dictConfig
from typing import Any

from celery import current_app, signals
from django.conf import settings
from django.db import connection

from marketplace.kernel import correlation

from . import services
from .alarms import watch_alarms
from .monitor_server import serve_probes
from .states import ProcessKind

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 10.0
ALARM_SECONDS = 15.0
# A beat that has sent nothing for this long stands still, whatever its threads do.
SENDING_SECONDS_MAX = 60.0


_stopped = threading.Event()


def _repeat(name: str, seconds: float, act: Callable[[], None]) -> None:
    """Call ``act`` every ``seconds`` in a thread until the process stops.

    Each round has a connection of its own, so that no child process inherits it open. A failure is logged, and the next
    round tries again.
    """

    def run() -> None:
        while True:
            try:
                act()
            except Exception:  # whatever it was, the thread must live on: nobody would miss it
                logger.exception("%s failed; it is tried again in %s seconds", name, seconds)
            finally:
                connection.close()
            if _stopped.wait(seconds):
                return

    threading.Thread(target=run, name=name, daemon=True).start()


class Pulse:
    """The heartbeat of one process."""

    def __init__(self, name: str, kind: ProcessKind, queues: list[str]) -> None:
        """A process of this name; nothing is recorded yet."""
        self.name, self.kind, self.queues = name, kind, queues
        self.moved_at = time.monotonic()

    def record(self) -> None:
        """Record that the process lives, unless it is a beat that stands still."""
        if self.kind == ProcessKind.BEAT and time.monotonic() - self.moved_at > SENDING_SECONDS_MAX:
            return
        services.record_heartbeat(
            name=self.name, kind=self.kind, host=socket.gethostname(), queues=self.queues
        )


_pulses: list[Pulse] = []


def _begin(pulse: Pulse) -> None:
    _pulses.append(pulse)
    _repeat("heartbeat", HEARTBEAT_SECONDS, pulse.record)
    serve_probes()


def _on_worker_ready(sender: Any, **_: Any) -> None:
    if _pulses:
        # Celery is ready again after every lost connection to the broker.
        return
    _begin(Pulse(sender.hostname, ProcessKind.WORKER, sorted(current_app.amqp.queues.consume_from)))


def _on_beat_init(**_: Any) -> None:
    _begin(Pulse(f"beat@{socket.gethostname()}:{os.getpid()}", ProcessKind.BEAT, []))
    _repeat("alarms", ALARM_SECONDS, watch_alarms)


def _on_task_sent(**_: Any) -> None:
    for pulse in _pulses:
        pulse.moved_at = time.monotonic()


def _on_stop(**_: Any) -> None:
    _stopped.set()


def _on_logging(**_: Any) -> None:
    """Configure logging as in every other process; with a receiver, Celery configures nothing itself."""
    dictConfig(settings.LOGGING)


def _on_task_begun(task_id: str, task: Any, **_: Any) -> None:
    correlation.begin(task=task.name, task_id=task_id)


def _on_task_ended(**_: Any) -> None:
    correlation.end()


def connect_processes() -> None:
    """Connect to what Celery tells of its processes; called once, when the applications are loaded."""
    signals.setup_logging.connect(_on_logging, weak=False)
    signals.task_prerun.connect(_on_task_begun, weak=False)
    signals.task_postrun.connect(_on_task_ended, weak=False)
    signals.worker_ready.connect(_on_worker_ready, weak=False)
    signals.worker_shutting_down.connect(_on_stop, weak=False)
    signals.beat_init.connect(_on_beat_init, weak=False)
    signals.before_task_publish.connect(_on_task_sent, weak=False)
