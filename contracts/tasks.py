"""Celery tasks of contracts."""

from celery import shared_task

from . import services


@shared_task(name="contracts.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """End a batch of negotiations whose deadline has passed, or that something has overtaken; returns their number."""
    return services.end_expired() + services.end_left_open()
