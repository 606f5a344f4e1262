"""Celery tasks of delivery."""

from celery import shared_task

from marketplace.kernel.aside import Loop

from . import services

SWEEP = Loop("delivery.sweep")


@shared_task(name="delivery.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Run the sweeps: halts to count, outages to give back, suspensions that last too long, receipts to deem, lapsed inspections, ended terms, uncollected data, abandoned downloads, refused ones."""
    sweeps = {
        sweep.__name__: sweep
        for sweep in (
            services.give_back_halts,
            services.give_back_outages,
            services.lapse_suspensions,
            services.deem_receipts,
            services.lapse_inspections,
            services.expire_access,
            services.end_uncollected,
            services.abandon_downloads,
            services.notice_refused_downloads,
        )
    }
    SWEEP.each(sweeps, lambda name: sweeps[name]())
