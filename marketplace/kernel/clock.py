"""Business time. It is real time in production; the demo and the tests may move it, never backwards."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from .errors import Category, DomainError
from .labels import Label
from .models import Clock


class ClockFixed(DomainError):
    """The clock of this market cannot be moved."""

    code = "clock_fixed"
    category = Category.FORBIDDEN
    detail = Label("This market runs on real time.", "この市場は実時間で動いています。")


class ClockBackwards(DomainError):
    """Business time never goes back. Fields: ``now, wanted``."""

    code = "clock_backwards"
    category = Category.CONFLICT
    detail = Label(
        "It is {now} already; {wanted} has passed.", "業務時刻は既に {now} です（指定 {wanted}）。"
    )


def real_now() -> datetime:
    """The real time, UTC: for evidence, tokens and time-outs of machines."""
    return timezone.now()


def now() -> datetime:
    """The business time, UTC, on which deadlines, cut-offs and effective dates depend."""
    if not settings.CLOCK_MOVABLE:
        return timezone.now()
    with connection.cursor() as cursor:
        # Asked many times in a service: without the weight of a model.
        cursor.execute("SELECT business_anchor, real_anchor, running FROM kernel_clock WHERE id = 1")
        row = cursor.fetchone()
    return (
        _reading(Clock(business_anchor=row[0], real_anchor=row[1], running=row[2])) if row else timezone.now()
    )


def _reading(clock: Clock) -> datetime:
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
    """Set the business time to ``instant`` and let it run on, or stand still there.

    Raises ClockFixed where the clock is real, ClockBackwards if ``instant`` has passed.
    """
    if not settings.CLOCK_MOVABLE:
        raise ClockFixed()
    clock = Clock.objects.select_for_update().filter(pk=1).first()
    if clock and instant < _reading(clock):
        raise ClockBackwards(now=_reading(clock).isoformat(), wanted=instant.isoformat())
    Clock.objects.update_or_create(
        pk=1, defaults={"business_anchor": instant, "real_anchor": timezone.now(), "running": running}
    )
