"""The register of kinds of jobs. Each application declares its kinds in ``jobs.py``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from marketplace.kernel.labels import Label

from .states import Queue

KINDS: dict[str, JobKind] = {}

ATTEMPT_SECONDS_MAX = 1_080
"""The longest time limit that a kind may state, in seconds: below that of the task that runs jobs (settings.queues)."""

Arguments = dict[str, Any]
Progress = Callable[[int, int], None]


def report_nothing(done: int, total: int) -> None:
    """The progress of work that nobody watches."""


@dataclass(frozen=True)
class Work:
    """One attempt at a job, as its function gets it.

    ``subject``: the public identifier that the job is about. ``arguments``: the JSON object given to ``enqueue``.
    ``attempt``: 1, 2, … ``report_progress`` records how much is done (units done, units in total), at most twice a
    second.
    """

    job: str
    subject: str
    arguments: Arguments
    attempt: int
    report_progress: Progress = field(repr=False)


@dataclass(frozen=True)
class JobKind:
    """A kind of job: what runs, where, within which limits, and how often it is tried again.

    ``name``: ``<app>.<verb_noun>``. ``run``: runs one attempt outside any transaction; what it raises is recorded and
    tried again. It must stand being run twice, because a worker may die after the work and before its record.
    ``seconds_max`` of one attempt and ``memory_mb_max`` of resident memory end the attempt; memory is limited for
    ``isolated`` kinds only, which run in a process of their own. ``backoff_seconds``: the pause after each failed
    attempt, so ``len(backoff_seconds) + 1`` attempts are made. Then the job is parked and the operator gets a task, or
    it is abandoned if ``is_abandoned_at_last``. ``on_ended`` is called in the transaction that parks or abandons it,
    with the job's subject and arguments. ``together_max``: so many jobs of this kind are started and finished in one
    statement, for work that takes milliseconds; each still runs by itself, in turn. ``has_one_cause``: what parks one parks
    the others, as a server that is down, so that the operator gets one task for all of them.
    """

    name: str
    queue: Queue
    label: Label
    run: Callable[[Work], None]
    seconds_max: float
    backoff_seconds: tuple[float, ...]
    isolated: bool = False
    memory_mb_max: int | None = None
    is_abandoned_at_last: bool = False
    on_ended: Callable[[str, Arguments], None] | None = None
    together_max: int = 1
    has_one_cause: bool = False

    def __post_init__(self) -> None:
        """Register the kind; raises ValueError for a name that is taken or limits that contradict each other."""
        if self.name in KINDS:
            raise ValueError(f"job kind {self.name} is declared twice")
        if not 0 < self.seconds_max <= ATTEMPT_SECONDS_MAX:
            raise ValueError(f"job kind {self.name}: {self.seconds_max} s is no time limit")
        if (self.memory_mb_max is not None) != self.isolated:
            raise ValueError(f"job kind {self.name}: an isolated kind states its memory, no other does")
        KINDS[self.name] = self

    @property
    def attempts_max(self) -> int:
        """How many attempts are made."""
        return len(self.backoff_seconds) + 1
