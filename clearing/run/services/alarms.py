"""The alarm about cycles that are overdue: raised once for each reason, ended when the cycle has moved on."""

from __future__ import annotations

import logging

from django.db import transaction

from marketplace.events.schemas.clearing import CycleCaughtUp, CycleOverdue
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor

from ...cycles.models import Cycle
from ...cycles.states import WORKING_STATES, CycleState
from ..models import CycleAlarm
from ..overdue import CycleReadings, Overdue
from ..states import OverdueReason

logger = logging.getLogger(__name__)

WATCHED_STATES = (CycleState.OPEN, *WORKING_STATES, CycleState.SETTLING)

WHAT_TO_DO = {
    OverdueReason.NOT_CLOSED: "see that worker and beat run and what they log, or cut it off by command",
    OverdueReason.SLOW: "read its progress: release it if it is on hold, mend what refuses its next step, or see"
    " which handlers have not taken the events of before its cut-off",
    OverdueReason.PAST_VALUE_DATE: "import the bank's statement, ask the bank about payments that it does not show,"
    " record those that failed and plan them again",
}


def watch_cycles(*, actor: Actor = SYSTEM) -> int:
    """Raise and end alarms as cycles stand now; returns how many were raised or ended.

    Emits cycle.overdue and cycle.caught_up. No lock is taken on the cycle: a step that hangs must not silence it.
    """
    cycles = list(Cycle.objects.filter(state__in=WATCHED_STATES).order_by("pk"))
    readings = CycleReadings(cycles)
    overdue = {cycle: found for cycle in cycles if (found := readings.overdue(cycle)) is not None}
    reasons = {(cycle.pk, found.reason) for cycle, found in overdue.items()}
    changed = sum(_raise(actor, cycle, found) for cycle, found in overdue.items())
    for alarm in CycleAlarm.objects.filter(ended_at=None).order_by("pk"):
        if (alarm.cycle_id, alarm.reason) not in reasons:
            changed += _end(actor, alarm.pk)
    return changed


@transaction.atomic
def _raise(actor: Actor, cycle: Cycle, overdue: Overdue) -> bool:
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
def _end(actor: Actor, key: int) -> bool:
    alarm = CycleAlarm.objects.select_for_update(of=("self",)).select_related("cycle").filter(pk=key).first()
    if alarm is None or alarm.ended_at is not None:
        return False
    # Business time may stand behind the moment of the alarm; an alarm never ends before it was raised.
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
