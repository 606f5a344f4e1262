"""Business time. In production it is real time; the demo and the tests may move it forward, never back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from .errors import Category, DomainError
from .labels import Label
from .models import Clock
from .moments import LATE_SECONDS_MAX
from .prepared import fetch_prepared


class ClockFixed(DomainError):
    """The market runs on real time, so its clock cannot be moved."""

    code = "clock_fixed"
    category = Category.FORBIDDEN
    detail = Label(
        "This market runs on real time; its clock cannot be moved.",
        "この市場は実時間で運用しているため、業務時刻を変更できません。",
    )


class ClockBackwards(DomainError):
    """Business time cannot be moved back. Fields: ``now, wanted``."""

    code = "clock_backwards"
    category = Category.CONFLICT
    detail = Label(
        "The business time is {now} and cannot go back to {wanted}.",
        "業務時刻は現在 {now} です。{wanted} に戻すことはできません。",
    )


class _Reading:
    """The clock as one request or handling has read it; ``None`` before its first reading."""

    clock: Clock | None = None


_READING: ContextVar[_Reading | None] = ContextVar("clock_reading", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    """Within the block the database is asked for the clock at most once; time runs on as the clock then showed it.

    Opened by what starts a short unit of work: a request, the handling of an event. A job does not open it, because it
    may run for minutes, in which the clock may move. A block inside another is part of it. Only a movable clock is read
    from the database. A move by another process shows in the next block, a move within the block at once.
    """
    if _READING.get() is not None:
        yield
        return
    token = _READING.set(_Reading())
    try:
        yield
    finally:
        _READING.reset(token)


def real_now() -> datetime:
    """The real time, UTC: for evidence, tokens and time-outs."""
    return timezone.now()


def now() -> datetime:
    """The business time, UTC: for deadlines, cut-offs and effective dates."""
    if not settings.CLOCK_MOVABLE:
        return timezone.now()
    reading = _READING.get()
    if reading is None:
        return _business_time(_read_clock())
    if reading.clock is None:
        reading.clock = _read_clock()
    return _business_time(reading.clock)


def _read_clock() -> Clock:
    """The clock as it stands in the database; a clock that nobody has moved shows real time."""
    # Services read the clock often, so this skips the ORM.
    for row in fetch_prepared("SELECT business_anchor, real_anchor, running FROM kernel_clock WHERE id = 1"):
        return Clock(business_anchor=row[0], real_anchor=row[1], running=row[2])
    moment = timezone.now()
    return Clock(business_anchor=moment, real_anchor=moment, running=True)


def _business_time(clock: Clock) -> datetime:
    """The business time that the clock shows now."""
    return clock.business_anchor + (timezone.now() - clock.real_anchor if clock.running else timedelta())


def today() -> date:
    """The business date, in the market's time zone."""
    return business_date(now())


def business_date(instant: datetime) -> date:
    """The date of ``instant`` in the market's time zone (``MARKET_TIME_ZONE``)."""
    return instant.astimezone(market_zone()).date()


def market_zone() -> ZoneInfo:
    """The market's time zone."""
    return ZoneInfo(settings.MARKET_TIME_ZONE)


@transaction.atomic
def move_to(instant: datetime, *, running: bool = True) -> None:
    """Set the business time to ``instant`` and let it run on, or stop it there.

    Raises ClockFixed if the market runs on real time, ClockBackwards if ``instant`` is in the past.
    """
    if not settings.CLOCK_MOVABLE:
        raise ClockFixed()
    clock = Clock.objects.select_for_update().filter(pk=1).first()
    if clock and instant < _business_time(clock):
        raise ClockBackwards(now=_business_time(clock).isoformat(), wanted=instant.isoformat())
    if reading := _READING.get():
        reading.clock = None
    real_anchor = timezone.now()
    Clock.objects.update_or_create(
        pk=1,
        defaults={
            "business_anchor": instant,
            "real_anchor": real_anchor,
            "running": running,
            "moved_from": _moved_from(clock, real_anchor),
        },
    )


def _moved_from(clock: Clock | None, real: datetime) -> datetime:
    """What the clock shows before a move at the real time ``real``; of moves that follow quickly, before the first."""
    shown = _business_time(clock) if clock else real
    if clock and clock.moved_from and real - clock.real_anchor < timedelta(seconds=LATE_SECONDS_MAX):
        return min(clock.moved_from, shown)
    return shown


@transaction.atomic
def let_run() -> None:
    """Let a stopped business clock run on from the time that it shows; one that runs is left as it is.

    Raises ClockFixed if the market runs on real time.
    """
    if not settings.CLOCK_MOVABLE:
        raise ClockFixed()
    if reading := _READING.get():
        reading.clock = None
    Clock.objects.filter(pk=1, running=False).update(running=True, real_anchor=timezone.now())
