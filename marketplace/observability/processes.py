"""What workers and beat do for the operator: record heartbeats and answer probes, in threads of their main process."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from logging.config import dictConfig
from typing import Any

from celery import current_app, signals
from django.conf import settings
from django.db import DatabaseError, connection

from marketplace.kernel import correlation

from . import services
from .monitor_server import serve_probes
from .states import ProcessKind

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 10.0
# A beat that has sent nothing for this long stands still, whatever its threads do.
SENDING_SECONDS_MAX = 60.0


class Pulse:
    """Records the heartbeat of one process every ``HEARTBEAT_SECONDS`` until it is stopped."""

    def __init__(self, name: str, kind: ProcessKind, queues: list[str]) -> None:
        """A process of this name; nothing is recorded yet."""
        self.name, self.kind, self.queues = name, kind, queues
        self.moved_at = time.monotonic()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Record heartbeats in a thread from now on."""
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def stop(self) -> None:
        """Record no more."""
        self._stopped.set()

    def _run(self) -> None:
        while True:
            is_still = (
                self.kind == ProcessKind.BEAT and time.monotonic() - self.moved_at > SENDING_SECONDS_MAX
            )
            if not is_still:
                self.record()
            if self._stopped.wait(HEARTBEAT_SECONDS):
                return

    def record(self) -> None:
        """Record one heartbeat on a connection of its own, so that no child process inherits it open."""
        try:
            services.record_heartbeat(
                name=self.name, kind=self.kind, host=socket.gethostname(), queues=self.queues
            )
        except DatabaseError as error:
            logger.warning("the heartbeat was not recorded: %s", error)
        finally:
            connection.close()


_pulses: list[Pulse] = []


def _begin(pulse: Pulse) -> None:
    _pulses.append(pulse)
    pulse.start()
    serve_probes()


def _on_worker_ready(sender: Any, **_: Any) -> None:
    if _pulses:
        # Celery is ready again after every lost connection to the broker.
        return
    _begin(Pulse(sender.hostname, ProcessKind.WORKER, sorted(current_app.amqp.queues.consume_from)))


def _on_beat_init(**_: Any) -> None:
    _begin(Pulse(f"beat@{socket.gethostname()}:{os.getpid()}", ProcessKind.BEAT, []))


def _on_task_sent(**_: Any) -> None:
    for pulse in _pulses:
        pulse.moved_at = time.monotonic()


def _on_stop(**_: Any) -> None:
    for pulse in _pulses:
        pulse.stop()


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
