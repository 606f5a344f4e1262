"""Celery entry points of the event machinery."""

from celery import shared_task

from . import services


@shared_task(name="marketplace.events.tasks.deliver", ignore_result=True)
def deliver() -> int:
    """Relay and handle what is due; another call follows while there may be more."""
    handled = services.deliver_due()
    if handled:
        services.nudge()
    return handled


@shared_task(name="marketplace.events.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """The same, on beat: finds what a lost nudge left."""
    return deliver()
