"""Celery tasks of contracts."""

from celery import shared_task

from marketplace.kernel.aside import Loop

from . import services
from .adjusting.late import settle_last_charges
from .adjusting.sweeping import attend_indices
from .amending import services as amending
from .commissions import talks
from .law.services import ask_for_examination, carry_out_law
from .pools import services as pools
from .renewing.services import attend_renewals

SWEEP = Loop("contracts.sweep")


@shared_task(name="contracts.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """Run the sweeps: negotiations whose deadline passed or passes soon, or that something has overtaken, agreements that are renewed or end soon, proposals to
    end them, those that ended, deletions, disputes, talks about prices, versions of pools, indices without a value, values that came
    late, and what law asks of agreements; returns how many rows changed."""
    sweeps = {
        sweep.__name__: sweep
        for sweep in (
            services.end_expired,
            services.end_left_open,
            amending.end_overtaken_amendments,
            services.remind_to_answer,
            attend_renewals,
            services.announce_ends,
            services.lapse_endings,
            services.carry_out_endings,
            services.expire_agreements,
            services.remind_deletions,
            services.escalate_deletions,
            services.record_silences,
            services.lapse_settlements,
            services.relieve_mediators,
            services.remind_mediators,
            services.escalate_disputes,
            services.escalate_remedies,
            pools.lapse_versions,
            talks.drop_talks,
            talks.remind_talks,
            talks.flag_talks,
            attend_indices,
            ask_for_examination,
            carry_out_law,
            settle_last_charges,
        )
    }
    return SWEEP.each(sweeps, lambda name: sweeps[name]())
