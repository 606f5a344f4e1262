"""Closes cycles at the published cut-offs."""

from __future__ import annotations

import logging

from django.db import transaction

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor

from ...cycles.models import Cycle
from ...cycles.queries import Calendars
from ...cycles.states import CycleState
from ..queries import DUE_CURRENCIES
from .cycles import cut_off

logger = logging.getLogger(__name__)


def close_due_cycles(*, actor: Actor = SYSTEM) -> int:
    """Close every open cycle whose cut-off has passed since it was opened; returns how many.

    A cycle that cannot be closed stands aside and does not prevent the others.
    """
    calendars, now = Calendars(), clock.now()
    due = [
        currency
        for currency, opened_at in Cycle.objects.filter(state=CycleState.OPEN)
        .order_by("currency")
        .values_list("currency", "opened_at")
        if any(calendars.of(currency).passed(since=opened_at, until=now))
    ]
    return DUE_CURRENCIES.each(
        due, lambda currency: close_at_cut_off(actor=actor, currency=currency) is not None
    )


@transaction.atomic
def close_at_cut_off(*, actor: Actor = SYSTEM, currency: str) -> Cycle | None:
    """Close the open cycle of ``currency`` if a cut-off has passed since it was opened, and open the next one.

    None if there is nothing to close: no schedule, no cut-off yet, or closed by another worker. Several missed cut-offs
    lead to one close, for the last of them; the evidence records how many were missed.
    """
    subject = (
        Cycle.objects.select_for_update(no_key=True).filter(currency=currency, state=CycleState.OPEN).first()
    )
    if subject is None:
        return None
    passed = list(Calendars().of(currency).passed(since=subject.opened_at, until=clock.now()))
    if not passed:
        return None
    missed = len(passed) - 1
    if missed:
        logger.warning(
            "cycle %s is closed late: %s cut-offs missed since %s",
            subject.business_key,
            missed,
            passed[-1],
        )
    return cut_off(subject, actor, role="system", cut_off_at=passed[0], evidence={"cut_offs_missed": missed})
