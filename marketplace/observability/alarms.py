"""Raise and end alarms by what the gauges read, and tell people. Beat does it, so it needs neither a worker nor the pipe."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from marketplace.kernel.alarms import ALARMS, Alarm
from marketplace.kernel.aside import Loop
from marketplace.kernel.clock import real_now
from marketplace.kernel.errors import Missing
from marketplace.notices.services import close_tasks, open_task
from marketplace.notices.states import TaskKind
from marketplace.notices.texts import TASK_TITLES
from marketplace.participants.queries import operator_organisation

from .collector import read_samples
from .models import RaisedAlarm
from .telling import tell_channels

logger = logging.getLogger(__name__)

READINGS = Loop("observability.watch_alarms")
CALM = timedelta(seconds=60)
"""An alarm ends when its gauge has stayed at or below the threshold for this long, so that it does not flutter."""


def watch_alarms() -> None:
    """Read the gauges of every alarm, raise and end alarms, and then tell the channels, outside any transaction."""
    readings: dict[str, float] = {}
    for code, alarm in ALARMS.items():
        samples = read_samples(alarm.gauge)
        if samples is not None:
            readings[code] = alarm.worst(samples)
    READINGS.each(readings, lambda code: apply_readings({code: readings[code]}))
    tell_channels()


@transaction.atomic
def apply_readings(readings: dict[str, float]) -> int:
    """Raise and end alarms by code → number of the gauge, and return how many were read; an alarm whose gauge could not be
    read stays as it is.
    """
    standing = {row.code: row for row in RaisedAlarm.objects.select_for_update().filter(ended_at=None)}
    for code in standing.keys() - ALARMS.keys():
        # An earlier build declared it; nothing reads its gauge any more.
        _end(standing[code])
    for code, number in readings.items():
        alarm, row = ALARMS[code], standing.get(code)
        if alarm.is_true_of(number):
            _keep_up(row, number) if row else _raise(alarm, number)
        elif row is not None:
            _calm_down(row)
    return len(readings)


def _raise(alarm: Alarm, number: float) -> None:
    row = RaisedAlarm.objects.create(code=alarm.code, number=number)
    logger.error("alarm %s raised at %s (%s): %s", alarm.code, number, row.public_id, alarm.title)
    organisation = _operator() if alarm.opens_task else None
    if organisation is not None:
        open_task(
            organisation_id=organisation,
            kind=TaskKind.ATTEND,
            subject=row.public_id,
            thread=row.public_id,
            title=TASK_TITLES[TaskKind.ATTEND].fill({"alarm": alarm.title}),
        )


def _keep_up(row: RaisedAlarm, number: float) -> None:
    row.number, row.calm_since = number, None
    row.save(update_fields=["number", "calm_since"])


def _calm_down(row: RaisedAlarm) -> None:
    now = real_now()
    if row.calm_since is None:
        row.calm_since = now
        row.save(update_fields=["calm_since"])
    elif now - row.calm_since >= CALM:
        _end(row)


def _end(row: RaisedAlarm) -> None:
    RaisedAlarm.objects.filter(pk=row.pk).update(ended_at=Now())
    logger.warning("alarm %s ended (%s)", row.code, row.public_id)
    close_tasks(thread=row.public_id, kinds=(TaskKind.ATTEND,), done_by=_operator())


def _operator() -> int | None:
    """The key of the operator's organisation; None before it is registered."""
    try:
        return operator_organisation().id
    except Missing:
        return None
