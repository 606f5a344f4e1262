"""Run a function in a forked process with limits on its time and its resident memory.

The process ends with its parent. Memory is watched from outside, because libraries that reserve address space
(Arrow, DuckDB) make a limit on it meaningless. What the parent held when it forked is not counted.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import os
import select
import signal
import sys
from collections.abc import Callable
from time import monotonic

import psutil
from django.db import connections

logger = logging.getLogger(__name__)

WATCH_SECONDS = 0.05
MESSAGE_BYTES_MAX = 8_000
_PR_SET_PDEATHSIG = 1
_MEGABYTE = 1024 * 1024


class IsolatedFailure(Exception):
    """The isolated function raised an error, or its process was ended; the message says which."""


def run_isolated(function: Callable[[], None], *, seconds_max: float, memory_mb_max: int) -> None:
    """Run ``function`` in a forked process and wait for its end; raises IsolatedFailure unless it returned.

    Connections to the database are closed first, so that parent and child do not share one.
    """
    connections.close_all()
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _run_and_exit(function, writer, parent)
    os.close(writer)
    try:
        reason = _watch(child, reader, seconds_max=seconds_max, memory_mb_max=memory_mb_max)
    finally:
        _end(child)
        os.close(reader)
    if reason is not None:
        raise IsolatedFailure(reason)


def _run_and_exit(function: Callable[[], None], writer: int, parent: int) -> None:
    """In the child: run the function, write an error's text, and leave without the parent's clean-up."""
    status = 1
    try:
        _die_with(parent)
        _restore_signals()
        gc.freeze()
        function()
        status = 0
    except BaseException as error:  # the child must never return into the parent's code
        logger.warning("an isolated job failed", exc_info=error)
        text = f"{type(error).__name__}: {error}".encode(errors="replace")[:MESSAGE_BYTES_MAX]
        with contextlib.suppress(OSError):
            os.write(writer, text)
    finally:
        with contextlib.suppress(Exception):
            connections.close_all()
        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os._exit(status)


def _die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies (Linux), and end it if the parent is dead already."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _restore_signals() -> None:
    """Undo the worker's handlers: they belong to the process that takes tasks."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGALRM, signal.SIGUSR1):
        signal.signal(number, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 0)


def _watch(child: int, reader: int, *, seconds_max: float, memory_mb_max: int) -> str | None:
    """Wait for the child's end within its limits; returns None if its function returned, else what ended it."""
    ends_at = monotonic() + seconds_max
    process = psutil.Process(child)
    memory_bytes_max = memory_mb_max * _MEGABYTE + int(psutil.Process().memory_info().rss)
    message = b""
    open_pipe = True
    while True:
        if open_pipe and select.select([reader], [], [], WATCH_SECONDS)[0]:
            piece = os.read(reader, MESSAGE_BYTES_MAX)
            message += piece
            open_pipe = bool(piece)
            continue
        if not open_pipe:
            # The child has closed its pipe: it is at its end, and is waited for.
            return _reap(child, message, ends_at)
        if monotonic() > ends_at:
            return f"the time limit of {seconds_max:g} s was exceeded"
        used = _resident_bytes(process)
        if used > memory_bytes_max:
            return f"the memory limit of {memory_mb_max} MB was exceeded"


def _resident_bytes(process: psutil.Process) -> int:
    """Resident memory of the process and its children, in bytes; 0 once it is gone."""
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            total += int(member.memory_info().rss)
    return total


def _reap(child: int, message: bytes, ends_at: float) -> str | None:
    """Wait for a child that has closed its pipe; returns None if it succeeded, else its message or its signal."""
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if monotonic() > ends_at:
            return "the time limit was exceeded"
        select.select([], [], [], WATCH_SECONDS / 10)
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return None
    if message:
        return message.decode(errors="replace")
    return f"the process was ended by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"


def _end(child: int) -> None:
    """Kill and reap the child where it still is."""
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
