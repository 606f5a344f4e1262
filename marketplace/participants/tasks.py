"""Celery tasks of participants."""

from celery import shared_task

from . import sweeping


@shared_task(name="marketplace.participants.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """On beat: let lapse what nobody answered in time, warn of secrets that end, take lost second factors, conclude recoveries, expire
    qualifications, and end admissions and
    disqualifications; returns how many."""
    return (
        sweeping.lapse_overdue()
        + sweeping.lapse_payout_accounts()
        + sweeping.warn_expiring()
        + sweeping.reset_due()
        + sweeping.conclude_due()
        + sweeping.expire_qualifications()
        + sweeping.end_admissions()
        + sweeping.end_disqualifications()
        + sweeping.remind_of_ends()
    )
