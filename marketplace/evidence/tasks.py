"""Celery entry points of evidence."""

from celery import shared_task

from . import services


@shared_task(name="marketplace.evidence.tasks.seal", ignore_result=True)
def seal() -> int:
    """Chain what was recorded since the last time."""
    return services.seal()


@shared_task(name="marketplace.evidence.tasks.checkpoint", ignore_result=True)
def checkpoint() -> None:
    """Sign the chain as it stands."""
    services.checkpoint()
