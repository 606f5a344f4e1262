"""Closes the books of a month: by two people, because nothing opens them again."""

from __future__ import annotations

from datetime import date

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.refusals import record_refusals

from ..approvals.services import require_two_people
from ..ledger.models import LedgerPeriod
from ..ledger.services import drafted_period
from .guards import CLOSE_MONTH


@record_refusals()
def close_ledger_period(*, actor: Actor, month: date) -> LedgerPeriod:
    """Close the books of the month of ``month``, and of all months before it; closing it again returns the existing row.

    Two people close the same books: what changes them meanwhile asks for the first again. Raises SecondPersonNeeded, and as
    ``ledger.services.drafted_period``.
    """
    period = drafted_period(actor=actor, month=month)
    if period.pk is not None:
        return period
    approval = require_two_people(
        actor=actor,
        command=CLOSE_MONTH,
        subject=f"{period.month:%Y-%m}",
        payload={"entries": period.entries, "sha256": period.sha256},
    )
    period.approval, period.closed_by, period.closed_at = approval.public_id, actor.identifier, clock.now()
    period.save()
    record(
        kind="clearing.period_closed",
        subject=period.public_id,
        actor=actor,
        payload={
            "month": f"{period.month:%Y-%m}",
            "entries": period.entries,
            "sha256": period.sha256,
            "first_person": approval.first_person,
        },
    )
    return period
