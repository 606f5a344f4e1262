"""Celery tasks of notices."""

from celery import shared_task

from . import pipe


@shared_task(name="marketplace.notices.tasks.watch_parked", ignore_result=True)
def watch_parked() -> int:
    """Open and close the operator's tasks for parked events and jobs, on beat."""
    return pipe.watch_parked()
