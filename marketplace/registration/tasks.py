"""Celery tasks of registration."""

from celery import shared_task

from . import sweeping


@shared_task(name="marketplace.registration.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """On beat: let applications lapse that were not completed in time; returns how many."""
    return sweeping.lapse_drafts()


@shared_task(name="marketplace.registration.tasks.rescreen", ignore_result=True)
def rescreen() -> int:
    """On beat: ask for the screenings that are due; returns how many."""
    return sweeping.rescreen_due()
