"""Celery tasks of rules."""

from celery import shared_task

from .figures import NEUTRALITY


@shared_task(name="marketplace.rules.tasks.make_figures", ignore_result=True)
def make_figures() -> None:
    """On beat: make the neutrality report that everybody reads."""
    NEUTRALITY.make()
