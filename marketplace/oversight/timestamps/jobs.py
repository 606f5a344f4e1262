"""The job that has a checkpoint of the evidence log timestamped."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from marketplace.evidence.models import Checkpoint
from marketplace.evidence.timestamps import (
    checkpoints_to_stamp,
    is_configured,
    keep_timestamp,
    question_about,
)
from marketplace.jobs.kinds import JobKind, Work
from marketplace.jobs.services import enqueue_all
from marketplace.jobs.states import Queue
from marketplace.kernel.labels import Label

from .asking import ask_authority


def stamp_checkpoint(work: Work) -> None:
    """Ask about a checkpoint, and keep the answer; nothing where it has a timestamp, or the market no authority any more.

    Raises TimestampRefused, AuthorityMisconfigured.
    """
    checkpoint = Checkpoint.objects.select_related("timestamp").get(public_id=work.subject)
    if hasattr(checkpoint, "timestamp") or not is_configured():
        return
    question = question_about(checkpoint)
    answer = ask_authority(
        settings.TIMESTAMP_AUTHORITY_URL,
        question.content,
        seconds_max=settings.TIMESTAMP_SILENT_SECONDS_MAX,
    )
    keep_timestamp(checkpoint=checkpoint, question=question, answer=answer)


STAMP = JobKind(
    name="oversight.stamp_checkpoint",
    # Waits for a server that is not ours, within a few seconds.
    queue=Queue.MAIL,
    label=Label("have a checkpoint timestamped", "チェックポイントのタイムスタンプ取得"),
    run=stamp_checkpoint,
    seconds_max=15,
    backoff_seconds=(60, 600, 3_600, 6 * 3_600),
    # An authority that is out of reach is so for every checkpoint.
    has_one_cause=True,
)


@transaction.atomic
def ask_for_timestamps() -> int:
    """Write a job for each checkpoint that has no timestamp and no job yet; returns how many checkpoints have none."""
    due = checkpoints_to_stamp()
    enqueue_all(kind=STAMP, subjects=due)
    return len(due)
