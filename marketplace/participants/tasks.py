"""Celery tasks of participants."""

from celery import shared_task

from . import sweeping


@shared_task(name="marketplace.participants.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """On beat: let changes of payout accounts lapse that nobody confirmed in time; returns how many."""
    return sweeping.lapse_payout_accounts()
