"""Business time. In production it is real time; the demo and the tests may move it forward, never back."""

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


def real_now() -> datetime:
    """The real time, UTC: for evidence, tokens and time-outs."""
    return timezone.now()


def now() -> datetime:
    """The business time, UTC: for deadlines, cut-offs and effective dates."""
    if not settings.CLOCK_MOVABLE:
        return timezone.now()
    with connection.cursor() as cursor:
        # Services read the clock often, so this skips the ORM.
        cursor.execute("SELECT business_anchor, real_anchor, running FROM kernel_clock WHERE id = 1")
        row = cursor.fetchone()
    return (
        _business_time(Clock(business_anchor=row[0], real_anchor=row[1], running=row[2]))
        if row
        else timezone.now()
    )


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
    Clock.objects.update_or_create(
        pk=1, defaults={"business_anchor": instant, "real_anchor": timezone.now(), "running": running}
    )
