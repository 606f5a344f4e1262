"""Celery tasks of cases."""

from celery import shared_task

from . import sweeping


@shared_task(name="marketplace.cases.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """On beat: remind of cases whose time to be decided is over; returns of how many."""
    return sweeping.remind_due()
