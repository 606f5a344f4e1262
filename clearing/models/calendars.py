"""The calendar of clearing, as data: when the cycles of a currency are cut off, and days on which none is."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from marketplace.kernel.guards import append_only
from marketplace.kernel.identifiers import IdentifierField

from .columns import CURRENCY_PATTERN, currency_stated

CUT_OFFS_A_DAY_MAX = 24
VALUE_DAYS_MAX = 30
OVERDUE_MINUTES_MAX = 7 * 24 * 60


class ClearingSchedule(models.Model):
    """When the cycles of a currency are cut off from a day on, in the market's time zone.

    In force on a day is the schedule that took effect last; of those that take effect on one day, the one stated
    last. ``value_days`` are business days from a transfer file to the day it is paid; ``overdue_minutes`` how long
    the steps after a cut-off may take before the operator is alarmed (null: the rulebook's parameter). ``stated_at``
    is business time: a cut-off counts only if it was published when it came. Invariant: a schedule that is active has
    cut-offs. Append-only.
    """

    public_id = IdentifierField(prefix="sch")
    currency = models.CharField(max_length=3)
    effective_from = models.DateField()
    cut_off_times = ArrayField(models.TimeField())
    value_days = models.PositiveSmallIntegerField(default=1)
    overdue_minutes = models.PositiveIntegerField(null=True)
    active = models.BooleanField(default=True)
    stated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(active=False) | Q(cut_off_times__len__gte=1), name="schedule_has_cut_offs"
            ),
            models.CheckConstraint(
                condition=Q(value_days__lte=VALUE_DAYS_MAX)
                & (
                    Q(overdue_minutes=None)
                    | Q(overdue_minutes__gte=1, overdue_minutes__lte=OVERDUE_MINUTES_MAX)
                ),
                name="schedule_limits",
            ),
            currency_stated("schedule_currency"),
        ]
        triggers = [append_only()]


class ClosedDay(models.Model):
    """A statement that no cycle is cut off on ``day``, or (``closed`` is false) that it is withdrawn.

    Beside weekends, public holidays and the banks' year-end, which the calendar knows. ``currency`` is empty where
    it concerns all. The last statement of a day and currency counts; a day is closed if it is closed for the
    currency or for all. Append-only.
    """

    public_id = IdentifierField(prefix="cld")
    day = models.DateField()
    currency = models.CharField(max_length=3, blank=True, default="")
    closed = models.BooleanField()
    name = models.JSONField()
    stated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(currency="") | Q(currency__regex=CURRENCY_PATTERN), name="closed_day_currency"
            ),
            models.CheckConstraint(condition=Q(name__has_keys=["ja", "en"]), name="closed_day_name"),
        ]
        triggers = [append_only()]
