"""What ends, stops or only watches a worker of the campaign at the commits of its steps.

It stands in the worker's process, around the database wrapper's own ``_commit``: *before* a commit everything of the
step is done and nothing is kept; *after* it everything is kept, and the nudge and the acknowledgement that follow are
lost. Which step commits is read from what runs: the step of a cycle, the handler of an event, or else the service
whose transaction it is. Transactions that wrote nothing are no points.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing import Value
from pathlib import Path
from types import FrameType
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.transaction import Atomic

from clearing.run.services.steps import STEPS
from marketplace.events import handling as events

ANY = "*"
BETWEEN = ("tripwire", "contextlib", "/kernel/refusals.py")
"""Files whose functions only stand between a service and its commit."""
NOTHING = "nothing"
"""A step that only looked: it has locked its cycle and changed nothing."""
HEARTBEAT = "record_heartbeat"
"""What a worker says of itself by the real time, at no step of the day."""
BEGIN, BEFORE, AFTER = "begin", "before", "after"
KILL, KILL_GROUP, STOP = "kill", "kill_group", "stop"


@dataclass(frozen=True)
class Strike:
    """What is to happen: at the ``occurrence``-th time (from 1) that ``step`` comes to ``position``, ``action``.

    ``kill`` ends the process that does the work, ``kill_group`` the whole worker with it, ``stop`` stops it where it
    stands (SIGSTOP). ``step`` may be ``*``. Position ``begin`` is the moment before the transaction begins.
    """

    step: str
    position: str
    occurrence: int = 1
    action: str = KILL

    def as_message(self) -> dict[str, Any]:
        """As it is sent to a worker."""
        return asdict(self)


class Tripwire:
    """One process's wire. Its counters are shared with the processes that it forks."""

    def __init__(self, strike: Strike | None, journal: Path) -> None:
        """Watch commits into ``journal``, and carry out ``strike`` once."""
        self.strike = strike
        self.journal = journal
        self.command = ""
        self.step: str | None = None
        self.seen = Value("i", 0)

    def install(self) -> None:
        """Stand around commits, and have steps and handlers tell their names."""
        wire, commit, enter = self, BaseDatabaseWrapper._commit, Atomic.__enter__

        def watched_commit(connection: DatabaseWrapper) -> None:
            if threading.current_thread() is not threading.main_thread():
                # The heartbeat, which records beside the work that the process lives.
                commit(connection)
                return
            step = wire.step or _service(sys._getframe(1))
            wrote = connection.connection is not None and _wrote(connection)
            wrote = wrote and step not in (NOTHING, HEARTBEAT)
            if wrote:
                wire.reach(step, BEFORE)
            commit(connection)
            wire.step = None
            if wrote:
                wire.reach(step, AFTER)

        def watched_enter(atomic: Atomic) -> None:
            strike = wire.strike
            if strike and strike.position == BEGIN and _service(sys._getframe(1)) == strike.step:
                wire.reach(strike.step, BEGIN)
            enter(atomic)

        BaseDatabaseWrapper._commit = watched_commit
        Atomic.__enter__ = watched_enter
        for state, step in list(STEPS.items()):
            STEPS[state] = self._telling_step(step)
        resolve = events.resolve
        events.resolve = lambda handler: self._telling_handler(handler, resolve(handler))

    def _telling_step(self, step: Callable[..., bool]) -> Callable[..., bool]:
        def told(cycle: Any, actor: Any, ahead: Any) -> bool:
            before = str(cycle.state)
            moved = step(cycle, actor, ahead)
            after = str(cycle.state)
            self.step = f"{before} → {after}" if after != before else f"{before}, some at a time"
            if not moved:
                self.step = NOTHING
            return moved

        return told

    def _telling_handler(self, name: str, handler: Callable[..., None]) -> Callable[..., None]:
        def told(event: Any, envelope: Any) -> None:
            handler(event, envelope)
            self.step = f"handle {event.type}"

        return told

    def reach(self, step: str, position: str) -> None:
        """Write down that ``step`` has come to ``position``; end here if the strike says so."""
        step = self.command or step
        strike = self.strike
        struck = False
        if strike and position == strike.position and strike.step in (step, ANY):
            with self.seen.get_lock():
                self.seen.value += 1
                struck = self.seen.value == strike.occurrence
        line = json.dumps({"step": step, "position": position, "struck": struck, "pid": os.getpid()})
        with self.journal.open("a") as journal:
            journal.write(line + "\n")
        if struck and strike:
            _carry_out(strike.action)


def _carry_out(action: str) -> None:
    if action == STOP:
        os.kill(os.getpid(), signal.SIGSTOP)
    elif action == KILL_GROUP:
        os.killpg(os.getpgid(0), signal.SIGKILL)
    else:
        os.kill(os.getpid(), signal.SIGKILL)


def _wrote(connection: DatabaseWrapper) -> bool:
    """Whether the transaction has written, or locked, anything: only then has it an identifier."""
    with connection.connection.cursor() as cursor:
        row = cursor.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL").fetchone()
    return bool(row and row[0])


def _service(frame: FrameType | None) -> str:
    """The function whose transaction begins or ends: the one that is decorated, or that has the ``with`` block."""
    while frame is not None:
        code = frame.f_code
        decorated = frame.f_locals.get("func") if code.co_name == "inner" else None
        if "/django/" not in code.co_filename:
            if decorated is not None:
                return _name(decorated.__name__, decorated.__module__)
            if not any(part in code.co_filename for part in BETWEEN):
                return _name(code.co_name, frame.f_globals["__name__"])
        frame = frame.f_back
    return "nobody"


def _name(function: str, module: str) -> str:
    """A function's name; with its module where it is the module's own."""
    return f"{module.rpartition('.')[2]}.{function}" if function.startswith("_") else function
