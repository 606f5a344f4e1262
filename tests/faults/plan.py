"""The seeded plan of a campaign: every kill point in every way a worker runs, and every other kind of fault."""

from __future__ import annotations

import itertools
import random
from datetime import datetime, timedelta

from tests.faults import day, market
from tests.faults.faults import (
    Fault,
    Trouble,
    broker_flushed,
    broker_stopped,
    clock_moved,
    database_error,
    participant_suspended,
    postgres_restarted,
    sessions_ended,
)
from tests.faults.kill_points import CHECKPOINTS, CLOSE, MORNING, POINTS, STEPS, KillPoint
from tests.faults.tripwire import AFTER, ANY, BEFORE, BEGIN, STOP, Strike
from tests.faults.workers import CHILD, GROUP, SOLO, Kind

OCCURRENCES_MAX = 4

ERRORS = {
    "53100": "disk full",
    "40P01": "deadlock",
    "40001": "serialization failure",
    "sleep": "statement timeout",
    "terminate": "session ended within a statement",
    "53200": "out of memory",
    "55P03": "lock not available",
}

WRITES = {
    "events_outboxevent": (MORNING, 8),
    "events_inboxentry": (MORNING, 1),
    "evidence_evidencerecord": (MORNING, 20),
    "clearing_obligation": (MORNING, 10),
    "clearing_posting": (MORNING, 10),
    "clearing_bankentry": (MORNING, 3),
    "clearing_netposition": (CLOSE, 1),
    "clearing_invoice": (CLOSE, 3),
    "clearing_settlementinstruction": (CLOSE, 1),
    "clearing_transferfile": (CLOSE, 1),
}
"""Tables of the money path: from which checkpoint on they are written to, and by how many statements at least."""

MONTH_END = datetime(2030, 2, 1, 0, 10, tzinfo=market.TOKYO)
BEFORE_THE_LEAP = day.NAMES[: day.NAMES.index("days later")]
IN_MID_CYCLE = day.NAMES[day.NAMES.index("close") + 1 :]


class Plan:
    """Faults as a seed gives them."""

    def __init__(self, seed: int) -> None:
        """Nothing is planned yet."""
        self.random = random.Random(seed)
        self.numbers = itertools.count(1)

    def everything(self) -> list[Fault]:
        """The long campaign: each kill point in each way a worker runs, then with a second kill; all other kinds."""
        planned = [self.kill(point, kind) for kind in (SOLO, CHILD, GROUP) for point in POINTS]
        planned += [self.kill(point, kind, again=True) for kind in (SOLO, SOLO, GROUP) for point in POINTS]
        planned += [self.stall(step) for step in STEPS]
        planned += [self.overtaken(number) for number in range(1, 6)]
        planned += [self.twice(checkpoint) for checkpoint in CHECKPOINTS for _ in range(4)]
        planned += [self.error(code, table) for code in ERRORS for table in WRITES]
        for _ in range(6):
            planned += self.around()
        return planned

    def smaller(self) -> list[Fault]:
        """A part that takes about a minute: each step once, and each other kind once."""
        kinds = itertools.cycle((SOLO, SOLO, SOLO, CHILD, SOLO, SOLO, GROUP))
        planned = [self.kill(POINTS[2 * number + number % 2], next(kinds)) for number in range(len(STEPS))]
        planned += [self.stall("netted → posted"), self.overtaken(2), self.twice(CLOSE)]
        planned += [self.error(code, table) for code, table in zip(ERRORS, reversed(WRITES), strict=False)]
        return planned + self.around()

    def kill(self, point: KillPoint, kind: Kind, *, again: bool = False) -> Fault:
        """The worker is killed at ``point``; and whoever replaces it somewhere, if ``again``."""
        checkpoint, times = STEPS[point.step]
        occurrence = self.random.randint(1, min(times, OCCURRENCES_MAX))
        strikes = [Strike(point.step, point.position, occurrence, kind.action)]
        if again:
            position = self.random.choice((BEFORE, AFTER))
            strikes.append(Strike(ANY, position, self.random.randint(1, 6), kind.action))
        family = "two kills" if again else "kill"
        return Fault(next(self.numbers), family, checkpoint, kind, tuple(strikes))

    def stall(self, step: str) -> Fault:
        """The worker stops within ``step``, before its commit, until another has done it."""
        checkpoint, times = STEPS[step]
        strike = Strike(step, BEFORE, self.random.randint(1, min(times, OCCURRENCES_MAX)), STOP)
        return Fault(next(self.numbers), "stalled in a step", checkpoint, SOLO, (strike,))

    def overtaken(self, occurrence: int) -> Fault:
        """The worker has seen what is to be done and stops before it begins; it wakes when it is done."""
        strike = Strike("advance_cycle", BEGIN, occurrence, STOP)
        return Fault(next(self.numbers), "stalled before a step", CLOSE, SOLO, (strike,))

    def twice(self, checkpoint: str) -> Fault:
        """Everything is triggered several times, and two processes work at it."""
        return Fault(
            next(self.numbers), "triggered twice", checkpoint, CHILD, copies=self.random.choice((2, 3))
        )

    def error(self, code: str, table: str) -> Fault:
        """The database fails one statement."""
        checkpoint, times = WRITES[table]
        trouble = database_error(code, table, self.random.randint(1, times))
        return self.trouble(f"database: {ERRORS[code]}", trouble, (checkpoint,), checkpoint)

    def around(self) -> list[Fault]:
        """One of each of what may happen around a worker, at some stage."""
        name = self.random.choice(market.NAMES)
        return [
            self.trouble("Redis flushed", broker_flushed(), day.NAMES),
            self.trouble("Redis killed", broker_stopped(), day.NAMES),
            self.trouble("sessions ended", sessions_ended(), day.NAMES),
            self.trouble("clock an hour on", clock_moved(timedelta(hours=1), "an hour"), BEFORE_THE_LEAP),
            self.trouble("month end", clock_moved(MONTH_END, "into the next month"), BEFORE_THE_LEAP),
            self.trouble("participant suspended", participant_suspended(name), IN_MID_CYCLE),
        ]

    def restarts(self, count: int) -> list[Fault]:
        """PostgreSQL is restarted at some moment of the day; on a server of its own, from the morning on."""
        return [
            self.trouble(
                "PostgreSQL restarted", postgres_restarted(self.random.uniform(0, 0.3)), stages, MORNING
            )
            for stages in itertools.islice(itertools.cycle((day.NAMES[:1], IN_MID_CYCLE, day.NAMES)), count)
        ]

    def trouble(
        self, family: str, trouble: Trouble, stages: tuple[str, ...], checkpoint: str | None = None
    ) -> Fault:
        """``trouble`` before one of ``stages``, from the last checkpoint before it."""
        at = self.random.choice(stages)
        position = day.NAMES.index(at)
        found = checkpoint or [name for name in CHECKPOINTS if day.NAMES.index(name) <= position][-1]
        return Fault(next(self.numbers), family, found, SOLO, trouble=trouble, at=at)
