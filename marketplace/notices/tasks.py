"""Celery tasks of notices."""

from celery import shared_task

from . import mail


@shared_task(name="marketplace.notices.tasks.send_mail", ignore_result=True)
def send_mail() -> int:
    """Send due mail, a limited number per run; beat runs it again."""
    return mail.send_due_mail()
