"""Alarms of overdue cycles: raised once per reason, ended when the cycle has caught up."""

from __future__ import annotations

import logging

from django.db import transaction

from marketplace.events.schemas.clearing import CycleCaughtUp, CycleOverdue
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop

from ...cycles.models import Cycle
from ...cycles.states import WORKING_STATES, CycleState
from ..models import CycleAlarm
from ..overdue import CycleReadings, Overdue
from ..states import OverdueReason

logger = logging.getLogger(__name__)

LATE_CYCLES = Loop("clearing.raise_cycle_alarms")
ENDED_ALARMS = Loop("clearing.end_cycle_alarms")

WATCHED_STATES = (CycleState.OPEN, *WORKING_STATES, CycleState.SETTLING)

WHAT_TO_DO = {
    OverdueReason.NOT_CLOSED: "check that worker and beat run and read their logs, or close the cycle by command",
    OverdueReason.SLOW: "read its progress: resume it if it is paused, remove what refuses its next step, or find"
    " the handlers that have not processed the events from before its cut-off",
    OverdueReason.PAST_VALUE_DATE: "import the bank statement, ask the bank about payments that it does not list,"
    " record those that failed and plan them again",
}


def watch_cycles(*, actor: Actor = SYSTEM) -> int:
    """Raise and end alarms by the present state of the cycles; returns how many.

    Emits cycle.overdue and cycle.caught_up. Locks no cycle, so a hanging step cannot suppress its alarm.
    """
    cycles = list(Cycle.objects.filter(state__in=WATCHED_STATES).order_by("pk"))
    readings = CycleReadings(cycles)
    overdue = {cycle: found for cycle in cycles if (found := readings.overdue(cycle)) is not None}
    reasons = {(cycle.pk, found.reason) for cycle, found in overdue.items()}
    over = [
        alarm.pk
        for alarm in CycleAlarm.objects.filter(ended_at=None).order_by("pk")
        if (alarm.cycle_id, alarm.reason) not in reasons
    ]
    raised = LATE_CYCLES.each(
        overdue,
        lambda cycle: _raise_alarm(actor, cycle, overdue[cycle]),
        subject=lambda cycle: cycle.public_id,
    )
    return raised + ENDED_ALARMS.each(over, lambda key: _end_alarm(actor, key))


@transaction.atomic
def _raise_alarm(actor: Actor, cycle: Cycle, overdue: Overdue) -> bool:
    _, created = CycleAlarm.objects.get_or_create(
        cycle=cycle,
        reason=overdue.reason,
        defaults={"since": overdue.since, "raised_at": clock.now()},
    )
    if not created:
        return False
    since = overdue.since.isoformat()
    record(
        kind="clearing.cycle_overdue",
        subject=cycle.public_id,
        actor=actor,
        payload={
            "business_key": cycle.business_key,
            "state": cycle.state,
            "reason_code": overdue.reason.value,
            "since": since,
        },
    )
    emit(
        CycleOverdue(
            cycle=cycle.public_id,
            business_key=cycle.business_key,
            reason_code=overdue.reason.value,
            since=since,
        )
    )
    logger.error(
        "cycle %s (%s) is overdue since %s, %s: %s",
        cycle.business_key,
        cycle.state,
        since,
        overdue.reason.label,
        WHAT_TO_DO[overdue.reason],
    )
    return True


@transaction.atomic
def _end_alarm(actor: Actor, key: int) -> bool:
    alarm = CycleAlarm.objects.select_for_update(of=("self",)).select_related("cycle").filter(pk=key).first()
    if alarm is None or alarm.ended_at is not None:
        return False
    # Business time may be earlier than the alarm; an alarm never ends before it was raised.
    alarm.ended_at = max(clock.now(), alarm.raised_at)
    alarm.save(update_fields=["ended_at"])
    record(
        kind="clearing.cycle_caught_up",
        subject=alarm.cycle.public_id,
        actor=actor,
        payload={"business_key": alarm.cycle.business_key, "reason_code": alarm.reason},
    )
    emit(CycleCaughtUp(cycle=alarm.cycle.public_id, reason_code=alarm.reason))
    return True
