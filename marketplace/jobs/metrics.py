"""Gauges of jobs. They read partial indexes only, so they cost the same at any history."""

from __future__ import annotations

from marketplace.kernel.alarms import Alarm
from marketplace.kernel.labels import Label
from marketplace.kernel.metrics import Gauge, by_number, by_rows

# One branch a partial index: queued, running, parked.
JOBS = " UNION ALL ".join(
    f"(SELECT kind, state, count(*) FROM jobs_job WHERE state = '{state}' GROUP BY 1, 2)"  # noqa: S608
    for state in ("queued", "running", "parked")
)
OLDEST_DUE = """
    SELECT queue, extract(epoch FROM clock_timestamp() - min(due_at)) FROM jobs_job
     WHERE state = 'queued' AND due_at <= clock_timestamp() GROUP BY 1
"""
FAILING = "SELECT queue, count(*) FROM jobs_job WHERE state = 'queued' AND attempts > 0 GROUP BY 1"

Gauge(
    name="jobs_unfinished_jobs",
    description="Jobs that are not over, by kind and state.",
    read=by_rows(JOBS),
    labels=("kind", "state"),
)
OLDEST_DUE_SECONDS = Gauge(
    name="jobs_oldest_due_seconds",
    description="Seconds since the oldest job that waits for a worker became due, by queue.",
    read=by_rows(OLDEST_DUE),
    labels=("queue",),
)
FAILING_JOBS = Gauge(
    name="jobs_failing_jobs",
    description="Jobs that failed at least once and wait for another attempt, by queue.",
    read=by_rows(FAILING),
    labels=("queue",),
)
PARKED_JOBS = Gauge(
    name="jobs_parked_jobs",
    description="Jobs that stopped after repeated failures.",
    read=by_number("SELECT count(*) FROM jobs_job WHERE state = 'parked'"),
)

Alarm(
    code="jobs_parked",
    gauge=PARKED_JOBS,
    above=0,
    title=Label("Jobs are parked", "停止中のジョブがあります"),
    action=Label(
        "Read the reason (jobs/?state=parked), repair it, then retry or abandon the job.",
        "理由（jobs/?state=parked）を確認し、原因を解消してから再試行するか、打ち切ってください。",
    ),
    opens_task=False,
)
Alarm(
    code="jobs_wait",
    gauge=OLDEST_DUE_SECONDS,
    above=900,
    title=Label("Jobs wait long for a worker", "ジョブの実行待ちが長引いています"),
    action=Label(
        "Read the log of that queue's worker; add workers to the queue.",
        "該当するキューのワーカーのログを確認し、ワーカーを増やしてください。",
    ),
)
Alarm(
    code="jobs_fail",
    gauge=FAILING_JOBS,
    above=20,
    title=Label("Many jobs fail", "多数のジョブが失敗しています"),
    action=Label(
        "Read their reasons (jobs/?state=queued): for the queue mail check the mail server (EMAIL_URL) and receivers.",
        "失敗の理由（jobs/?state=queued）を確認してください。キュー mail の場合は、メールサーバー（EMAIL_URL）と"
        "送信先を確認してください。",
    ),
)
