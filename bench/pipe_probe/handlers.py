"""Handlers of the pipe's benchmark: one writes one row, one always fails, one sleeps in its transaction."""

from __future__ import annotations

import os
import time

from django.db import connection

from marketplace.events.envelope import Envelope
from marketplace.events.schema import Event

from .apps import file_of


def on_written(event: Event, envelope: Envelope) -> None:
    """Write one row."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_probe (event) VALUES (%s)", [envelope.identifier])


def on_failing(event: Event, envelope: Envelope) -> None:
    """Fail."""
    raise RuntimeError("this handler always fails")


def on_sleeping(event: Event, envelope: Envelope) -> None:
    """Sleep in the transaction, longer than any limit, and write down after how many seconds the sleep was ended."""
    began = time.perf_counter()
    try:
        time.sleep(30)
    finally:
        print(time.perf_counter() - began, file=file_of("sleeps", os.getpid()), flush=True)
