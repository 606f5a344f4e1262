"""Celery tasks of rules."""

from celery import shared_task

from .figures import NEUTRALITY
from .neutrality.services import ask_for_last_month
from .rescreening.services import enqueue_due


@shared_task(name="marketplace.rules.tasks.make_figures", ignore_result=True)
def make_figures() -> None:
    """On beat: make the neutrality report that everybody reads."""
    NEUTRALITY.make()


@shared_task(name="marketplace.rules.tasks.ask_for_bundle", ignore_result=True)
def ask_for_bundle() -> None:
    """On beat: ask for the neutrality bundle of the month that ended."""
    ask_for_last_month()


@shared_task(name="marketplace.rules.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """On beat: ask for the re-screening under a rulebook that has taken effect."""
    enqueue_due()
