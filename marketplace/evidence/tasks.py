"""Celery tasks of evidence."""

from celery import shared_task

from . import services


@shared_task(name="marketplace.evidence.tasks.seal", ignore_result=True)
def seal() -> int:
    """Add new records to the chain."""
    return services.seal()


@shared_task(name="marketplace.evidence.tasks.checkpoint", ignore_result=True)
def checkpoint() -> None:
    """Sign a checkpoint of the chain."""
    services.checkpoint()
