"""Celery tasks of contracts."""

from celery import shared_task

from . import services


@shared_task(name="contracts.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """End a batch of negotiations whose deadline has passed, and remind of those that pass soon; returns how many of both."""
    return services.end_expired() + services.remind_to_answer()
