"""Cuts off cycles by the published calendar."""

from __future__ import annotations

import logging

from django.db import DatabaseError, transaction

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import DomainError

from ...cycles.models import Cycle
from ...cycles.queries import Calendars
from ...cycles.states import CycleState
from .cycles import cut_off

logger = logging.getLogger(__name__)


def close_due_cycles(*, actor: Actor = SYSTEM) -> int:
    """Cut off every open cycle for which a cut-off has come since it was opened; returns how many.

    One that cannot be closed is logged, and does not hold back the others.
    """
    calendars, now = Calendars(), clock.now()
    due = [
        currency
        for currency, opened_at in Cycle.objects.filter(state=CycleState.OPEN)
        .order_by("currency")
        .values_list("currency", "opened_at")
        if any(calendars.of(currency).passed(since=opened_at, until=now))
    ]
    closed = 0
    for currency in due:
        try:
            closed += close_at_cut_off(actor=actor, currency=currency) is not None
        except (DomainError, DatabaseError):
            logger.exception("the open cycle of %s is not closed at its cut-off; it is tried again", currency)
    return closed


@transaction.atomic
def close_at_cut_off(*, actor: Actor = SYSTEM, currency: str) -> Cycle | None:
    """Cut off the open cycle of ``currency`` if a cut-off has come since it was opened, and open the next one.

    None if there is nothing to close: no schedule, no cut-off yet, or somebody else closed it. Several cut-offs that
    were missed lead to one close, for the last of them; the evidence says how many there were before it.
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
            "cycle %s is closed late: %s cut-offs were missed since %s",
            subject.business_key,
            missed,
            passed[-1],
        )
    return cut_off(subject, actor, role="system", cut_off_at=passed[0], told={"cut_offs_missed": missed})
