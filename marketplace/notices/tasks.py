"""Celery entry points of notices."""

from celery import shared_task

from . import mail


@shared_task(name="marketplace.notices.tasks.send_mail", ignore_result=True)
def send_mail() -> int:
    """Send what is due, a limited number a time; beat calls again."""
    return mail.send_due_mail()
