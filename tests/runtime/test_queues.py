"""Which queue a task goes to, how long it may take there, and which worker of one machine serves it."""

import itertools
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from marketplace.celery import app
from marketplace.events.services import DELIVER_SECONDS
from marketplace.evidence.row_seals import SEAL_SECONDS_MAX as ROWS_SECONDS_MAX
from marketplace.evidence.tasks import SEAL_SECONDS_MAX
from marketplace.jobs.states import Queue
from marketplace.jobs.tasks import TASK_SECONDS_MAX as RUN_TASK_SECONDS_MAX
from marketplace.runtime.programs import WORKERS, Worker, worker_program
from marketplace.settings.queues import QUEUES, TASK_SECONDS_MAX, queue_of
from marketplace.webhooks.services.publishing import PUBLISH_SECONDS_MAX

LIMITS = {queue.name: queue.task_seconds_max for queue in QUEUES}


def tasks_of_the_market() -> dict[str, Any]:
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if not name.startswith(("celery.", "tests."))}


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("marketplace.events.tasks.deliver", "events"),
        ("marketplace.events.tasks.sweep", "events"),
        ("marketplace.evidence.tasks.seal", "default"),
        ("clearing.tasks.advance", "clearing"),
        ("marketplace.notices.tasks.watch_parked", "default"),
        ("marketplace.webhooks.tasks.send", "webhooks"),
        ("marketplace.webhooks.tasks.publish", "default"),
        ("a.task.that.no.row.names", "default"),
    ],
)
def test_celery_sends_a_task_to_the_queue_of_its_row(task: str, queue: str) -> None:
    assert queue_of(task).name == queue
    assert app.amqp.router.route({}, task)["queue"].name == queue


@pytest.mark.parametrize("pattern", [pattern for queue in QUEUES for pattern in queue.tasks])
def test_a_pattern_of_the_table_is_of_a_task_that_there_is(pattern: str) -> None:
    assert [name for name in tasks_of_the_market() if fnmatchcase(name, pattern)] != []


def test_a_queue_that_the_sender_names_overrides_the_table() -> None:
    assert app.amqp.router.route({"queue": "files"}, "clearing.tasks.advance")["queue"].name == "files"


def test_every_task_is_ended_after_the_limit_of_its_queue() -> None:
    tasks = tasks_of_the_market()
    assert "clearing.tasks.advance" in tasks
    for name, task in tasks.items():
        if name != "marketplace.jobs.tasks.run":
            assert (name, task.time_limit) == (name, LIMITS[queue_of(name).name])


def test_a_task_keeps_a_limit_of_its_own() -> None:
    assert tasks_of_the_market()["marketplace.jobs.tasks.run"].time_limit == RUN_TASK_SECONDS_MAX


def test_the_queues_of_jobs_are_in_the_table() -> None:
    assert [name for name in Queue.values if name not in LIMITS] == []


def test_a_message_is_not_delivered_again_while_its_task_may_run() -> None:
    again_after = app.conf.broker_transport_options["visibility_timeout"]
    late = [task.time_limit for task in tasks_of_the_market().values() if task.acks_late]
    assert again_after > TASK_SECONDS_MAX >= max(late)


def test_a_worker_that_names_no_queue_serves_every_one() -> None:
    assert sorted(app.amqp.Queues(app.conf.task_queues)) == sorted(LIMITS)


def test_the_workers_of_one_machine_serve_each_queue_once() -> None:
    served = [queue for worker in WORKERS for queue in worker.queues]
    assert sorted(served) == sorted(LIMITS)


def test_strangers_files_and_mail_are_kept_away_from_the_pipe() -> None:
    pipe = next(worker for worker in WORKERS if "events" in worker.queues)
    assert pipe.queues == ("events",)


def test_nothing_but_relaying_and_handling_is_on_the_queue_of_events() -> None:
    """Whatever takes longer than a turn of the relay would delay every event."""
    tasks = [name for name in tasks_of_the_market() if queue_of(name).name == "events"]
    assert sorted(tasks) == ["marketplace.events.tasks.deliver", "marketplace.events.tasks.sweep"]
    assert "events" not in Queue.values
    assert DELIVER_SECONDS <= 5


@pytest.mark.parametrize("seconds", [SEAL_SECONDS_MAX, ROWS_SECONDS_MAX, PUBLISH_SECONDS_MAX])
def test_what_goes_on_until_nothing_is_left_has_a_budget_within_its_task(seconds: float) -> None:
    assert seconds <= LIMITS["default"] / 2


def test_a_worker_is_started_on_its_queues() -> None:
    program = worker_program(Worker("worker-x", ("files", "documents"), processes=3))
    named = dict(itertools.pairwise(program))
    assert (named["--queues"], named["--concurrency"], named["--hostname"]) == (
        "files,documents",
        "3",
        "worker-x@sanpo",
    )


@pytest.mark.parametrize("worker", WORKERS, ids=lambda worker: worker.name)
def test_a_worker_is_a_program_that_is_there(worker: Worker) -> None:
    assert Path(worker_program(worker)[0]).is_absolute()
    assert Path(worker_program(worker)[0]).exists()
