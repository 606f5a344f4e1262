"""Runs read-only queries of one cycle concurrently, each on a connection of its own."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")


@contextmanager
def read_in_parallel(work: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Begin ``work``, which only reads, and give what waits for its result; it has ended when the block ends.

    In a transaction it is done when its result is asked for: another connection would not see what is written here.
    """
    if connection.in_atomic_block:
        yield work
        return
    with ThreadPoolExecutor(max_workers=1) as other:
        yield other.submit(_on_own_connection, work).result


def _on_own_connection(work: Callable[[], Result]) -> Result:
    try:
        return work()
    finally:
        connection.close()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Leave the collector off while rows are made for every participant: none is garbage, and it would go through all
    of them again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
