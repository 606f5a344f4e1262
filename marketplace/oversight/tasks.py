"""Celery tasks of oversight."""

from celery import shared_task

from . import sweeping


@shared_task(name="marketplace.oversight.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """On beat: remind the operator of reports that are due soon; returns how many."""
    return sweeping.sweep()
