"""The queues of background work: one table of which tasks go where and how long one may take.

A worker serves the queues named with `--queues`, or every queue when none is named. A task that no row names goes to
`default`; who sends a task with a queue of its own (a job does) overrides the table.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True)
class Queue:
    """A queue: the patterns of its tasks' names, and the seconds after which one of its tasks is ended."""

    name: str
    tasks: tuple[str, ...]
    task_seconds_max: int


QUEUES = (
    # The pipe: relaying and handling events. Nothing here takes longer than seconds, so nothing else is here.
    Queue("events", ("marketplace.events.tasks.*",), task_seconds_max=60),
    # Sealing, deadlines, the feed, figures: what may take a minute.
    Queue("default", (), task_seconds_max=120),
    Queue("clearing", ("clearing.tasks.*",), task_seconds_max=300),
    # Reads what strangers sent.
    Queue("files", (), task_seconds_max=1200),
    # Waits for servers that are not ours.
    Queue("mail", (), task_seconds_max=120),
    # Waits for receivers of participants, many at once.
    Queue("webhooks", ("marketplace.webhooks.tasks.send",), task_seconds_max=120),
    Queue("documents", (), task_seconds_max=600),
)
DEFAULT_QUEUE = "default"
TASK_SECONDS_MAX = max(queue.task_seconds_max for queue in QUEUES)

# A child of a worker that holds more memory than this (KiB) is replaced after its task.
WORKER_CHILD_KIBIBYTES_MAX = 768 * 1024


def queue_of(task: str) -> Queue:
    """Return the queue of a task by its name."""
    for queue in QUEUES:
        if any(fnmatchcase(task, pattern) for pattern in queue.tasks):
            return queue
    return next(queue for queue in QUEUES if queue.name == DEFAULT_QUEUE)


def route_task(
    name: str, args: object, kwargs: object, options: object, task: object = None, **more: object
) -> dict[str, str]:
    """Return the route of a task, as Celery asks its routers."""
    return {"queue": queue_of(name).name}


class TimeLimits:
    """Gives every task that states none the time limit of its queue, as Celery's annotations are asked."""

    def annotate(self, task: Any) -> dict[str, int]:
        """Return what is set on the task: its hard limit, in seconds."""
        return {} if task.time_limit else {"time_limit": queue_of(task.name).task_seconds_max}

    def annotate_any(self) -> None:
        """Return nothing: `annotate` answers for every task."""
