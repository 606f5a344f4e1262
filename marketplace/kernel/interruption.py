"""Ends Python code that takes too long, wherever it waits."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupt_after(seconds: float, error: BaseException) -> Iterator[None]:
    """Raise ``error`` in the block after ``seconds``.

    Python can interrupt the main thread only, in which workers handle events and run jobs; elsewhere the block has no
    limit of this kind.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise error

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
