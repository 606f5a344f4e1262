"""The queues of jobs and the states of a job."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine


class Queue(TextChoices):
    """The queue of a job. Each has workers of its own, so no kind of work takes the workers of another."""

    DEFAULT = "default", Label("other work", "その他の処理")
    CLEARING = "clearing", Label("clearing and bank files", "清算・銀行ファイル")
    FILES = "files", Label("files of sellers", "販売者のファイル")
    MAIL = "mail", Label("mail and webhooks", "メール・Webhook")
    DOCUMENTS = "documents", Label("documents", "文書")


class JobState(TextChoices):
    """The state of a job."""

    QUEUED = "queued", Label("waiting for a worker", "実行待ち")
    RUNNING = "running", Label("running", "実行中")
    DONE = "done", Label("done", "完了")
    PARKED = "parked", Label("stopped after repeated failures", "失敗により停止中")
    ABANDONED = "abandoned", Label("given up", "打ち切り")


JOB = StateMachine(
    name="jobs.job",
    states=JobState,
    initial=frozenset({JobState.QUEUED}),
    table={
        (JobState.QUEUED, "start", "system"): JobState.RUNNING,
        (JobState.QUEUED, "park", "system"): JobState.PARKED,
        (JobState.RUNNING, "finish", "system"): JobState.DONE,
        (JobState.RUNNING, "requeue", "system"): JobState.QUEUED,
        (JobState.RUNNING, "park", "system"): JobState.PARKED,
        (JobState.RUNNING, "abandon", "system"): JobState.ABANDONED,
        (JobState.PARKED, "retry", "operator"): JobState.QUEUED,
        (JobState.PARKED, "abandon", "operator"): JobState.ABANDONED,
    },
)
