"""Celery tasks of evidence."""

from celery import shared_task

from . import row_seals, services

# Well below the limit on a task's time; the next run goes on.
SEAL_SECONDS_MAX = 60.0


@shared_task(name="marketplace.evidence.tasks.seal", ignore_result=True)
def seal() -> int:
    """Seal new records."""
    return services.seal_until_caught_up(seconds_max=SEAL_SECONDS_MAX)


@shared_task(name="marketplace.evidence.tasks.checkpoint", ignore_result=True)
def checkpoint() -> None:
    """Sign a checkpoint of the tree."""
    services.checkpoint()


@shared_task(name="marketplace.evidence.tasks.seal_rows", ignore_result=True)
def seal_rows() -> int:
    """Seal new rows of append-only tables."""
    return row_seals.seal_rows()
