"""Background work of contracts."""

from celery import shared_task

from . import services


@shared_task(name="contracts.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """End a batch of negotiations whose answer did not come in time; returns how many."""
    return services.end_expired()
