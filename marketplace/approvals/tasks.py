"""Celery tasks of approvals."""

from celery import shared_task

from . import services


@shared_task(name="marketplace.approvals.tasks.expire", ignore_result=True)
def expire() -> int:
    """On beat: expire the approvals that nobody countersigned in time; returns how many."""
    return services.expire_approvals()
