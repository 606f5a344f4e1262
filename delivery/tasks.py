"""Celery entry points of delivery."""

from celery import shared_task

from . import services


@shared_task(name="delivery.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """On beat: silence accepts, terms end, what is never collected ends, unfinished downloads are given up."""
    services.lapse_inspections()
    services.expire_access()
    services.end_uncollected()
    services.abandon_downloads()
