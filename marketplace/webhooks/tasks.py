"""Celery tasks of the feed and the webhooks."""

from celery import shared_task

from . import sending, services

SEND_SECONDS_MAX = 20.0


@shared_task(name="marketplace.webhooks.tasks.publish", ignore_result=True)
def publish() -> int:
    """Publish committed events to the feed; ask for the sender if messages were queued."""
    events, messages = services.publish_due()
    if messages:
        sending.nudge()
    return events


@shared_task(name=sending.SEND_TASK, ignore_result=True, acks_late=False)
def send() -> int:
    """Send due messages for some seconds; beat runs it again."""
    return sending.send_due(seconds=SEND_SECONDS_MAX)
