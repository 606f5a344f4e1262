"""Celery tasks of delivery."""

from celery import shared_task

from . import services


@shared_task(name="delivery.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Run the sweeps: lapsed inspections, ended terms, uncollected data, abandoned downloads."""
    services.lapse_inspections()
    services.expire_access()
    services.end_uncollected()
    services.abandon_downloads()
