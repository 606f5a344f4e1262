"""Celery tasks of contracts."""

from celery import shared_task

from marketplace.kernel.aside import Loop

from . import services
from .amending import services as amending

SWEEP = Loop("contracts.sweep")


@shared_task(name="contracts.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """Run the sweeps: negotiations whose deadline passed or passes soon, or that something has overtaken, agreements that end soon, proposals to
    end them, those that ended, and deletions; returns how many rows changed."""
    sweeps = {
        sweep.__name__: sweep
        for sweep in (
            services.end_expired,
            services.end_left_open,
            amending.end_overtaken_amendments,
            services.remind_to_answer,
            services.announce_ends,
            services.lapse_endings,
            services.carry_out_endings,
            services.expire_agreements,
            services.remind_deletions,
            services.escalate_deletions,
        )
    }
    return SWEEP.each(sweeps, lambda name: sweeps[name]())
