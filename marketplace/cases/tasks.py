"""Celery tasks of cases."""

from celery import shared_task

from . import sweeping


@shared_task(name="marketplace.cases.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """On beat: remind of cases whose time to be decided is over, and ask for people on call; returns of how many cases."""
    sweeping.keep_staffed()
    return sweeping.remind_due()
