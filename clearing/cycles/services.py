"""Publishes the calendar: schedules of cut-offs and closed days. Each change takes two people."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import date, time

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.bounds import CUT_OFFS_A_DAY_MAX
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals

from ..approvals.services import require_two_people
from .calendar_by_two import DECLARE_CLOSED_DAY, PUBLISH_SCHEDULE, WITHDRAW_CLOSED_DAY
from .models import ClearingSchedule, ClosedDay
from .value_dates import VALUE_DAYS


def require_currency(currency: str) -> None:
    """Raise FieldInvalid unless ``currency`` is written like an ISO 4217 code."""
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha() or not currency.isupper():
        raise FieldInvalid(
            "currency",
            Label("write three capital letters (ISO 4217)", "ISO 4217の英大文字3字で指定してください"),
        )


logger = logging.getLogger(__name__)


@record_refusals()
def publish_clearing_schedule(
    *,
    actor: Actor,
    currency: str,
    effective_from: date,
    cut_off_times: Collection[time],
    value_days: int = VALUE_DAYS,
    overdue_minutes: int | None = None,
    active: bool = True,
) -> ClearingSchedule:
    """Publish the cut-offs of ``currency`` from a day on, in local time; replaces the schedule in force.

    An inactive schedule ends scheduled cut-offs. Raises SecondPersonNeeded, FieldInvalid, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    require_currency(currency)
    _require_today_or_later("effective_from", effective_from)
    times = sorted(set(cut_off_times))
    if active and not 1 <= len(times) <= CUT_OFFS_A_DAY_MAX:
        raise FieldInvalid(
            "cut_off_times",
            Label(
                f"state 1 to {CUT_OFFS_A_DAY_MAX} cut-offs a day",
                f"1日の締切を1～{CUT_OFFS_A_DAY_MAX}件で指定してください",
            ),
        )
    stated = {
        "currency": currency,
        "effective_from": effective_from.isoformat(),
        "cut_off_times": [moment.isoformat() for moment in times],
        "value_days": value_days,
        "overdue_minutes": overdue_minutes,
        "active": active,
    }
    approval = require_two_people(actor=actor, command=PUBLISH_SCHEDULE, subject=currency, payload=stated)
    schedule = ClearingSchedule.objects.create(
        currency=currency,
        effective_from=effective_from,
        cut_off_times=times,
        value_days=value_days,
        overdue_minutes=overdue_minutes,
        active=active,
        approval=approval,
        stated_by=actor.identifier,
        stated_at=clock.now(),
    )
    record(
        kind="clearing.schedule_published",
        subject=schedule.public_id,
        actor=actor,
        payload={**stated, "first_person": approval.first_person},
    )
    return schedule


@record_refusals()
def declare_closed_day(*, actor: Actor, day: date, name: dict[str, str], currency: str = "") -> ClosedDay:
    """Declare that no cycle (of ``currency``, or at all) is cut off on ``day``; ``name`` is ``{"ja", "en"}``.

    Repeating it returns the declaration in force. Raises SecondPersonNeeded, FieldInvalid, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    if currency:
        require_currency(currency)
    _require_today_or_later("day", day)
    current = _closed_day_in_force(day, currency)
    if current is not None and current.name == name:
        return current
    return _declare(actor, day=day, currency=currency, name=name, closed=True)


@record_refusals()
def withdraw_closed_day(*, actor: Actor, day: date, currency: str = "") -> ClosedDay:
    """Withdraw the closed day declared for ``currency`` or for all.

    Raises SecondPersonNeeded, Missing, FieldInvalid, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    _require_today_or_later("day", day)
    current = _closed_day_in_force(day, currency)
    if current is None:
        raise Missing(kind="closed day", identifier=" ".join(filter(None, (day.isoformat(), currency))))
    return _declare(actor, day=day, currency=currency, name=current.name, closed=False)


def _closed_day_in_force(day: date, currency: str) -> ClosedDay | None:
    last = ClosedDay.objects.filter(day=day, currency=currency).order_by("-pk").first()
    return last if last is not None and last.closed else None


def _declare(actor: Actor, *, day: date, currency: str, name: dict[str, str], closed: bool) -> ClosedDay:
    stated = {"day": day.isoformat(), "currency": currency, "name": name}
    approval = require_two_people(
        actor=actor,
        command=DECLARE_CLOSED_DAY if closed else WITHDRAW_CLOSED_DAY,
        subject=" ".join(filter(None, (day.isoformat(), currency))),
        payload=stated,
    )
    declared = ClosedDay.objects.create(
        day=day,
        currency=currency,
        name=name,
        closed=closed,
        approval=approval,
        stated_by=actor.identifier,
        stated_at=clock.now(),
    )
    record(
        kind="clearing.closed_day_declared" if closed else "clearing.closed_day_withdrawn",
        subject=declared.public_id,
        actor=actor,
        payload={**stated, "first_person": approval.first_person},
    )
    return declared


def _require_today_or_later(field: str, day: date) -> None:
    if day < clock.today():
        raise FieldInvalid(field, Label("choose today or a later day", "本日以降の日付を指定してください"))
