"""Celery tasks of cases."""

from celery import shared_task

from . import sweeping


@shared_task(name="marketplace.cases.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """On beat: remind of cases whose time to be decided is over, look again at what was kept until now, ask for people on call; returns of
    how many cases it reminded."""
    sweeping.keep_staffed()
    sweeping.look_again_due()
    return sweeping.remind_due()
