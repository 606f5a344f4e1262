"""Celery tasks of access."""

from celery import shared_task

from . import sweeping


@shared_task(name="marketplace.access.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """On beat: tell participants of accesses whose review date has come; returns how many."""
    return sweeping.tell_due()
