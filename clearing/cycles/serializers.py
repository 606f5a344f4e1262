"""The calendar over HTTP: schedules, closed days and cut-offs."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import BilingualField, StrictSerializer
from marketplace.kernel.bounds import CUT_OFFS_A_DAY_MAX, OVERDUE_MINUTES_MAX, VALUE_DAYS_MAX

from .models import ClearingSchedule, ClosedDay
from .queries import CUT_OFFS_SHOWN
from .value_dates import VALUE_DAYS

CUT_OFFS_SHOWN_MAX = 100


class ClearingScheduleSerializer(serializers.ModelSerializer[ClearingSchedule]):
    """Cut-offs of the cycles of a currency from a day on, in the market's time zone."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = ClearingSchedule
        fields = (
            "id", "currency", "effective_from", "cut_off_times", "value_days", "overdue_minutes", "active", "stated_at",
        )  # fmt: skip


class ClosedDaySerializer(serializers.ModelSerializer[ClosedDay]):
    """Declares a day closed to clearing, or (``closed`` false) withdraws that; the newest declaration counts."""

    id = serializers.CharField(source="public_id")
    name = BilingualField()

    class Meta:
        model = ClosedDay
        fields = ("id", "day", "currency", "closed", "name", "stated_at")


class PublishScheduleSerializer(StrictSerializer):
    """A new schedule of cut-offs for a currency."""

    currency = serializers.CharField(min_length=3, max_length=3)
    effective_from = serializers.DateField(
        help_text="Today or later. Replaces the schedule in force from that day on."
    )
    cut_off_times = serializers.ListField(
        child=serializers.TimeField(), max_length=CUT_OFFS_A_DAY_MAX, help_text="In the market's time zone."
    )
    value_days = serializers.IntegerField(
        min_value=0,
        max_value=VALUE_DAYS_MAX,
        default=VALUE_DAYS,
        help_text="Business days from a transfer file to its value date.",
    )
    overdue_minutes = serializers.IntegerField(
        min_value=1,
        max_value=OVERDUE_MINUTES_MAX,
        allow_null=True,
        default=None,
        help_text="Minutes that the steps after a cut-off may take; null for the rulebook's parameter.",
    )
    active = serializers.BooleanField(default=True, help_text="False ends scheduled cut-offs.")


class WithdrawClosedDaySerializer(StrictSerializer):
    """A declared closed day of a currency, or (empty) of all."""

    day = serializers.DateField()
    currency = serializers.CharField(min_length=3, max_length=3, allow_blank=True, default="")


class DeclareClosedDaySerializer(WithdrawClosedDaySerializer):
    """A day without cut-offs, in addition to weekends and public holidays."""

    name = BilingualField()


class CutOffsQuerySerializer(serializers.Serializer[None]):
    """Which cut-offs to list."""

    currency = serializers.RegexField(r"^[A-Z]{3}$", default="JPY")
    count = serializers.IntegerField(min_value=1, max_value=CUT_OFFS_SHOWN_MAX, default=CUT_OFFS_SHOWN)


class CutOffsSerializer(serializers.Serializer[None]):
    """The next cut-offs of a currency, in order; none where no schedule is in force."""

    currency = serializers.CharField()
    time_zone = serializers.CharField(help_text="The market's time zone, in which the schedule's times are.")
    value_date = serializers.DateField(help_text="Value date of a transfer file made today.")
    cut_offs = serializers.ListField(child=serializers.DateTimeField())
