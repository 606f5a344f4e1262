"""Jobs: run outside transactions, within limits, counted before they start, and ended for certain."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from marketplace.jobs import isolation, queries, runner, services
from marketplace.jobs.kinds import ATTEMPT_SECONDS_MAX, KINDS, JobKind
from marketplace.jobs.models import Job
from marketplace.jobs.states import JobState
from marketplace.jobs.tasks import RUN_SECONDS_MAX
from marketplace.kernel import clock
from marketplace.kernel.nudges import begin_nudged
from marketplace.settings.queues import TASK_SECONDS_MAX
from tests.participants import factories
from tests.poison import RUNS, aside, tasks_to_repair
from tests.processes import environment
from tests.roles import unguarded

from .probe import kinds


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Where the probe leaves its lines."""
    kinds.ENDED.clear()
    path = tmp_path / "trace"
    path.touch()
    return path


def put(kind: JobKind, trace: Path, act: str = "", subject: str = "thing_1", organisation: str = "") -> Job:
    arguments = {"trace": str(trace), "act": act}
    with transaction.atomic():
        return services.enqueue(kind=kind, subject=subject, arguments=arguments, organisation=organisation)


def lines(trace: Path) -> list[list[str]]:
    return [line.split() for line in trace.read_text().splitlines()]


def test_a_job_runs_once_outside_any_transaction(committed_database, trace):
    job = put(kinds.PLAIN, trace)
    assert runner.run_due("default") == 1
    assert lines(trace) == [["thing_1", "1", str(os.getpid()), "False"]]
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error, job.lease_until) == (JobState.DONE, 1, "", None)
    assert runner.run_due("default") == 0
    call_command("check_invariants")


def test_an_isolated_job_runs_in_a_process_of_its_own(committed_database, trace):
    job = put(kinds.CAGED, trace)
    assert runner.run_due("files") == 1
    assert lines(trace)[0][2] != str(os.getpid())
    job.refresh_from_db()
    assert job.state == JobState.DONE


def test_a_job_is_enqueued_in_a_transaction_only(committed_database, trace):
    with pytest.raises(services.EnqueuedOutsideTransaction):
        services.enqueue(kind=kinds.PLAIN, subject="thing_1", arguments={"trace": str(trace)})
    assert Job.objects.count() == 0


def test_the_job_of_a_change_that_was_taken_back_never_was(committed_database, trace):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.enqueue(kind=kinds.PLAIN, subject="thing_1", arguments={"trace": str(trace)})
        raise ZeroDivisionError
    assert runner.run_due("default") == 0
    assert Job.objects.count() == 0


def test_the_same_job_enqueued_again_is_the_one_that_there_is(committed_database, trace):
    first = put(kinds.PLAIN, trace)
    assert put(kinds.PLAIN, trace).pk == first.pk
    runner.run_due("default")
    assert put(kinds.PLAIN, trace).pk == first.pk
    assert runner.run_due("default") == 0
    assert len(lines(trace)) == 1


@pytest.mark.parametrize("kind", [kinds.PLAIN, kinds.CAGED])
def test_a_job_that_fails_once_is_tried_again(committed_database, trace, kind):
    job = put(kind, trace, "fail once")
    runner.run_due(kind.queue)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error) == (JobState.DONE, 2, "")
    assert [line[1] for line in lines(trace)] == ["1", "2"]


def test_a_job_that_always_fails_is_parked_with_its_reason_and_its_end_is_told(committed_database, trace):
    job = put(kinds.PLAIN, trace, "fail")
    runner.run_due("default")
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.PARKED, 3)
    assert job.error == "ValueError: told to fail"
    assert kinds.ENDED == ["thing_1"]
    assert [(found.public_id, found.of_kind) for found in queries.parked(each=5)] == [(job.public_id, 1)]
    call_command("check_invariants")


def test_a_failed_job_waits_for_its_backoff_and_is_abandoned_at_last(committed_database, trace):
    job = put(kinds.LETTER, trace, "fail")
    assert runner.run_due("mail") == 1
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert 590 < (job.due_at - timezone.now()).total_seconds() <= 600
    Job.objects.update(due_at=timezone.now())
    assert runner.run_due("mail") == 1
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.ABANDONED, 2)
    assert job.ended_at is not None


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("sleep", "IsolatedFailure: the time limit of 5 s was exceeded"),
        ("take memory", "IsolatedFailure: the memory limit of 400 MB was exceeded"),
        ("be killed", "IsolatedFailure: the process was ended by SIGKILL"),
        ("exit", "IsolatedFailure: exit status 3"),
        ("fail", "IsolatedFailure: ValueError: told to fail"),
    ],
)
def test_what_ends_an_isolated_attempt_is_named_and_the_job_parked(committed_database, trace, act, reason):
    job = put(kinds.CAGED, trace, act)
    began = time.monotonic()
    assert runner.run_due("files") == 2
    assert time.monotonic() - began < 40
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error) == (JobState.PARKED, 2, reason)
    # No process of an ended attempt is left behind.
    assert all(not Path(f"/proc/{line[2]}").exists() for line in lines(trace))


def test_a_job_in_this_process_is_ended_at_its_time_limit(committed_database, trace):
    job = put(kinds.PLAIN, trace, "sleep")
    runner.run_due("default", seconds=0.5)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.QUEUED, 1)
    assert job.error == "TimeLimitExceeded: took longer than 1 seconds and was ended"


def test_a_job_that_goes_on_after_any_exception_is_ended(committed_database, trace):
    job = put(kinds.PLAIN, trace, "go on after any exception")
    began = time.monotonic()
    runner.run_due("default", seconds=0.5)
    assert time.monotonic() - began < 4
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.QUEUED, 1)
    assert job.error == "TimeLimitExceeded: took longer than 1 seconds and was ended"


def test_a_job_whose_end_raises_another_error_is_said_to_have_taken_too_long(committed_database, trace):
    job = put(kinds.PLAIN, trace, "fail when it is ended")
    runner.run_together(services.start_due(queue="default"))
    job.refresh_from_db()
    assert (job.state, job.error) == (
        JobState.QUEUED,
        "TimeLimitExceeded: took longer than 1 seconds and was ended",
    )


def test_a_failed_job_does_not_hold_up_the_next(committed_database, trace):
    put(kinds.PLAIN, trace, "fail", subject="bad")
    put(kinds.PLAIN, trace, subject="good")
    runner.run_due("default")
    assert Job.objects.get(subject="good").state == JobState.DONE
    assert Job.objects.get(subject="bad").state == JobState.PARKED


def test_jobs_of_a_kind_are_started_together_and_run_in_turn(
    committed_database, trace, django_assert_max_num_queries
):
    for number in range(4):
        put(kinds.CARD, trace, subject=f"thing_{number}")
    started = services.start_due(queue="documents")
    assert [attempt.subject for attempt in started] == ["thing_0", "thing_1", "thing_2"]
    assert [(job.state, job.attempts) for job in Job.objects.order_by("pk")] == [
        *[(JobState.RUNNING, 1)] * 3,
        (JobState.QUEUED, 0),
    ]
    assert lines(trace) == []
    with django_assert_max_num_queries(1):
        assert runner.run_together(started) == 3
    assert [line[0] for line in lines(trace)] == ["thing_0", "thing_1", "thing_2"]
    assert runner.run_due("documents") == 1
    assert set(Job.objects.values_list("state", "attempts")) == {(JobState.DONE, 1)}
    call_command("check_invariants")


def test_an_organisation_with_many_jobs_keeps_none_of_another_waiting_while_they_run(
    committed_database, trace
):
    for number in range(5):
        put(kinds.PLAIN, trace, subject=f"many_{number}", organisation="org_many")
    (first,) = services.start_due(queue="default")
    assert first.subject == "many_0"
    put(kinds.PLAIN, trace, subject="one", organisation="org_one")
    assert [attempt.subject for attempt in services.start_due(queue="default")] == ["one"]
    assert [attempt.subject for attempt in services.start_due(queue="default")] == ["many_1"]


def test_organisations_take_turns_where_none_runs(committed_database, trace):
    for number in range(21):
        put(kinds.PLAIN, trace, subject=f"many_{number:02}", organisation="org_many")
    put(kinds.PLAIN, trace, subject="one", organisation="org_one")
    assert runner.run_due("default") == 22
    run = [line[0] for line in lines(trace)]
    assert run.index("one") <= 1
    assert [subject for subject in run if subject != "one"] == [f"many_{number:02}" for number in range(21)]


def test_one_request_runs_the_mail_that_is_written_soon_after_it(committed_database, trace):
    key, wait = services.nudge_key("mail"), services.GATHERING_SECONDS[kinds.LETTER.queue]
    asked = []
    time.sleep(wait)
    for number, pause in enumerate((0, 0, wait)):
        time.sleep(pause)
        begin_nudged(key)
        put(kinds.LETTER, trace, subject=f"thing_{number}")
        asked.append(cache.get(key))
    assert asked == [1, None, 1]
    assert runner.run_due("mail") == 3


def test_a_failed_job_ends_none_that_was_started_with_it_and_is_tried_again_alone(committed_database, trace):
    for subject, act in (("thing_0", ""), ("bad", "fail once"), ("thing_2", "")):
        put(kinds.CARD, trace, act, subject=subject)
    assert runner.run_together(services.start_due(queue="documents")) == 3
    put(kinds.CARD, trace, subject="thing_3")
    assert dict(Job.objects.values_list("subject", "state")) == {
        "thing_0": JobState.DONE, "bad": JobState.QUEUED, "thing_2": JobState.DONE, "thing_3": JobState.QUEUED,
    }  # fmt: skip
    Job.objects.filter(subject="bad").update(due_at=timezone.now() - timedelta(minutes=1))
    assert [attempt.subject for attempt in services.start_due(queue="documents")] == ["bad"]
    assert [attempt.subject for attempt in services.start_due(queue="documents")] == ["thing_3"]


def test_a_job_not_begun_in_time_is_given_back_uncounted(committed_database, trace):
    assert kinds.CARD.seconds_max > services.TOGETHER_SECONDS_MAX
    for number in range(3):
        put(kinds.CARD, trace, "sleep" if number == 0 else "", subject=f"thing_{number}")
    assert runner.run_together(services.start_due(queue="documents")) == 1
    assert list(Job.objects.order_by("pk").values_list("state", "attempts", "lease_until")) == [
        (JobState.QUEUED, 1, None), (JobState.QUEUED, 0, None), (JobState.QUEUED, 0, None),
    ]  # fmt: skip
    assert [line[0] for line in lines(trace)] == ["thing_0"]


def test_a_job_that_ends_its_worker_is_parked_and_its_neighbours_are_done(committed_database, trace):
    for subject, act in (("thing_0", ""), ("bad", "be killed"), ("thing_2", "")):
        put(kinds.CARD, trace, act, subject=subject)
    for _ in range(2):
        _run_in_a_worker_of_its_own("documents")
        Job.objects.filter(state=JobState.RUNNING).update(lease_until=timezone.now())
        services.recover_lost()
        Job.objects.filter(subject="bad").update(due_at=timezone.now() - timedelta(minutes=1))
    assert runner.run_due("documents") == 2
    assert dict(Job.objects.values_list("subject", "state")) == {
        "thing_0": JobState.DONE, "bad": JobState.PARKED, "thing_2": JobState.DONE,
    }  # fmt: skip
    call_command("check_invariants")


def test_progress_is_seen_while_and_after_the_job_runs(committed_database, trace):
    job = put(kinds.CAGED, trace, "report")
    runner.run_due("files")
    job.refresh_from_db()
    assert (job.progress_done, job.progress_total) == (3, 10)


def test_progress_within_a_transaction_is_seen_before_its_end(committed_database, trace):
    put(kinds.PLAIN, trace)
    (attempt,) = services.start_due(queue="default")
    with transaction.atomic():
        services.record_progress(attempt=attempt, done=3, total=10)
        with closing(connection.copy()) as other, other.cursor() as cursor:
            cursor.execute("SELECT progress_done, progress_total FROM jobs_job")
            assert cursor.fetchall() == [(3, 10)]
    services.finish(attempts=[attempt])
    with transaction.atomic():
        services.record_progress(attempt=attempt, done=4, total=10)
    assert list(Job.objects.values_list("progress_done", "state")) == [(3, "done")]


def test_an_attempt_whose_worker_died_counts_and_the_job_is_parked_at_last(committed_database, trace):
    """The worker is killed in the middle of each attempt, so nothing of it could be written afterwards."""
    job = put(kinds.PLAIN, trace, "be killed")
    for number in (1, 2, 3):
        _run_in_a_worker_of_its_own()
        job.refresh_from_db()
        assert (job.state, job.attempts) == (JobState.RUNNING, number)
        assert services.recover_lost() == 0
        Job.objects.update(lease_until=timezone.now())
        assert services.recover_lost() == 1
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.PARKED, "the worker ended while it ran the job")
    assert [line[1] for line in lines(trace)] == ["1", "2", "3"]
    call_command("check_invariants")


def _run_in_a_worker_of_its_own(queue: str = "default") -> None:
    """A process that runs what is due in a queue and is killed by its job."""
    program = (
        "import django; django.setup();"
        "import tests.jobs.probe.kinds;"
        "from marketplace.jobs.runner import run_due;"
        f"run_due('{queue}')"
    )
    ended = subprocess.run([sys.executable, "-c", program], env=environment(), timeout=60, check=False)
    assert ended.returncode == -9


def test_an_attempt_that_lost_its_lease_cannot_end_the_job(committed_database, trace):
    job = put(kinds.PLAIN, trace)
    (lost,) = services.start_due(queue="default")
    Job.objects.update(lease_until=timezone.now())
    services.recover_lost()
    (current,) = services.start_due(queue="default")
    assert services.finish(attempts=[lost]) == 0
    assert not services.fail(attempt=lost, reason="late")
    job.refresh_from_db()
    assert (job.state, job.run_token) == (JobState.RUNNING, current.token)
    assert services.finish(attempts=[current]) == 1


def test_an_attempt_ended_in_the_middle_of_a_statement_is_recorded_at_once(committed_database, trace):
    job = put(kinds.PLAIN, trace, "sleep in a statement")
    runner.run_together(services.start_due(queue="default"))
    job.refresh_from_db()
    assert (job.state, job.error) == (
        JobState.QUEUED,
        "TimeLimitExceeded: took longer than 1 seconds and was ended",
    )


def test_a_lost_job_whose_end_fails_keeps_no_other_from_being_recovered(committed_database, trace):
    for subject in (kinds.UNENDABLE, "thing_2"):
        put(kinds.PLAIN, trace, subject=subject)
        assert services.start_due(queue="default")
    Job.objects.update(lease_until=timezone.now(), attempts=kinds.PLAIN.attempts_max)
    assert services.recover_lost() == 1
    states = dict(Job.objects.values_list("subject", "state"))
    assert states == {kinds.UNENDABLE: JobState.RUNNING, "thing_2": JobState.PARKED}
    poison = Job.objects.get(subject=kinds.UNENDABLE)
    for _ in range(RUNS):
        assert services.recover_lost() == 0
    assert aside("jobs.recover_lost") == [poison.public_id]
    factories.operator()
    assert [poison.public_id in title for title, _ in tasks_to_repair()].count(True) == 1


def test_two_workers_never_run_the_same_attempt(committed_database, trace):
    for number in range(20):
        put(kinds.PLAIN, trace, subject=f"thing_{number}")
    counts: list[int] = []

    def work() -> None:
        counts.append(runner.run_due("default"))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sum(counts) == 20
    assert sorted(line[0] for line in lines(trace)) == sorted(f"thing_{number}" for number in range(20))


def test_a_job_of_an_unknown_kind_is_left_to_a_newer_worker(committed_database, trace):
    with transaction.atomic():
        job = Job.objects.create(kind="future.kind", queue="default", subject="thing_1")
    put(kinds.PLAIN, trace)
    runner.run_due("default")
    runner.run_due("default")
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    assert len(lines(trace)) == 1


def test_jobs_of_unknown_kinds_end_no_run(committed_database, trace):
    for number in range(3):
        with transaction.atomic():
            Job.objects.create(kind="future.kind", queue="default", subject=f"thing_{number}")
    put(kinds.PLAIN, trace)
    assert runner.run_due("default") == 1
    assert len(lines(trace)) == 1
    assert not queries.has_due("default")
    assert set(Job.objects.filter(kind="future.kind").values_list("state", "attempts")) == {("queued", 0)}


def test_a_job_that_no_worker_knows_for_a_day_is_parked_and_given_up(committed_database, trace):
    """As after an upgrade without the kind: somebody has to see it."""
    operator = factories.actor_for(factories.operator())
    with transaction.atomic():
        old, young = (
            Job.objects.create(kind="past.kind", queue="default", subject=f"thing_{number}")
            for number in (1, 2)
        )
    with unguarded("jobs_job"):
        Job.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=25))
    put(kinds.PLAIN, trace)
    assert runner.run_due("default") == 1
    for job in (old, young):
        job.refresh_from_db()
    assert (old.state, old.attempts, old.error) == (
        JobState.PARKED,
        0,
        "no worker knows jobs of the kind past.kind",
    )
    assert (young.state, young.attempts, young.error) == (JobState.QUEUED, 0, "")
    assert [found.public_id for found in queries.parked(each=5)] == [old.public_id]
    assert services.abandon_parked(actor=operator, job=old.public_id, reason="gone").state == "abandoned"
    call_command("check_invariants")


def test_a_lost_job_of_an_unknown_kind_is_parked_after_an_hour(committed_database, trace):
    job = put(kinds.PLAIN, trace)
    assert services.start_due(queue="default")
    with unguarded("jobs_job"):
        Job.objects.update(kind="past.kind")
    for minutes, recovered, state in ((59, 0, JobState.RUNNING), (61, 1, JobState.PARKED)):
        Job.objects.update(lease_until=timezone.now() - timedelta(minutes=minutes))
        assert services.recover_lost() == recovered
        job.refresh_from_db()
        assert job.state == state
    assert job.error == "the worker ended while it ran the job, and no worker knows its kind any more"
    assert (job.run_token, job.lease_until) == (None, None)
    call_command("check_invariants")


def test_a_job_sees_the_clock_that_another_moves_meanwhile(committed_database, trace):
    noon = datetime(2030, 4, 1, 3, tzinfo=UTC)
    clock.move_to(noon, running=False)
    kinds.CLOCK_READINGS.clear()
    put(kinds.PLAIN, trace, "read the clock while it moves")
    assert runner.run_due("default") == 1
    before, after = kinds.CLOCK_READINGS
    assert (before, after) == (noon, noon + timedelta(days=2))


def test_the_task_outlasts_the_longest_attempt():
    assert RUN_SECONDS_MAX + ATTEMPT_SECONDS_MAX <= TASK_SECONDS_MAX - 60


def test_a_kind_states_limits_that_make_sense():
    for wrong in ({"seconds_max": 0}, {"seconds_max": 9_999}, {"isolated": True}, {"memory_mb_max": 5}):
        options = {"name": "probe.wrong", "queue": "files", "label": kinds.LABEL, "run": kinds.do_as_told,
                   "seconds_max": 1, "backoff_seconds": (), **wrong}  # fmt: skip
        with pytest.raises(ValueError, match=r"probe\.wrong"):
            JobKind(**options)
    with pytest.raises(ValueError, match="declared twice"):
        JobKind(name="probe.plain", queue=kinds.PLAIN.queue, label=kinds.LABEL, run=kinds.do_as_told,
                seconds_max=1, backoff_seconds=())  # fmt: skip
    assert "probe.wrong" not in KINDS


def test_a_process_that_was_reaped_is_not_signalled_again(monkeypatch):
    """Its number may belong to another process by then."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda number, _signal: killed.append(number))
    isolation._end(child)
    assert killed == []
