"""Ends Python code that takes too long, wherever it waits."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TimeLimitExceeded(BaseException):
    """Code exceeded its limit of time and was ended. Nothing that goes on after any ``Exception`` catches it."""


@contextmanager
def interrupt_after(seconds: float) -> Iterator[None]:
    """Raise TimeLimitExceeded in the block after ``seconds``.

    Python can interrupt the main thread only, in which workers handle events and run jobs; elsewhere the block has no
    limit of this kind.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise TimeLimitExceeded(f"took longer than {seconds:g} seconds and was ended")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def limit_exceeded_in(error: BaseException | None) -> TimeLimitExceeded | None:
    """What says that code was ended for its time: an error, or what led to it."""
    while error is not None:
        if isinstance(error, TimeLimitExceeded):
            return error
        error = error.__cause__ or error.__context__
    return None
