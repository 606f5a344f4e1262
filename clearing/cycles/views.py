"""Routes of the calendar; everybody may read it, the operator publishes it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import PUBLIC, MayCall
from marketplace.api.principal import actor_of
from marketplace.api.views import command, create_command
from marketplace.kernel import clock
from marketplace.kernel.permissions import Permission

from .models import ClearingSchedule, ClosedDay
from .queries import next_cut_offs, published_closed_days, published_schedules, value_date
from .serializers import (
    ClearingScheduleSerializer,
    ClosedDaySerializer,
    CutOffsQuerySerializer,
    CutOffsSerializer,
    DeclareClosedDaySerializer,
    PublishScheduleSerializer,
    WithdrawClosedDaySerializer,
)
from .services import declare_closed_day, publish_clearing_schedule, withdraw_closed_day

SCHEDULE_EXAMPLE = {
    "currency": "JPY",
    "effective_from": "2030-04-01",
    "cut_off_times": ["11:00:00", "15:00:00"],
    "value_days": 1,
    "overdue_minutes": 90,
}
CLOSED_DAY_EXAMPLE = {
    "day": "2030-05-02",
    "name": {"ja": "システム更改のための休業日", "en": "Closed for a system migration"},
}


class _PublishedViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Any]):
    """Declarations of the operator, for everybody to read."""

    permission_classes = (MayCall,)
    reads = PUBLIC


class ClearingScheduleViewSet(_PublishedViewSet):
    """Schedules of cut-offs. Schedules are added, never changed; the newest in effect counts."""

    serializer_class = ClearingScheduleSerializer
    filterset_fields = ("currency", "active")
    queryset = ClearingSchedule.objects.all()

    def get_queryset(self) -> QuerySet[ClearingSchedule]:
        """All schedules."""
        return published_schedules()

    @create_command(
        summary="Publish a schedule of cut-offs",
        needs=Permission.CLEARING_WRITE,
        request=PublishScheduleSerializer,
        response=ClearingScheduleSerializer,
        example=SCHEDULE_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> ClearingSchedule:
        """Takes two people. From its day on it replaces the schedule in force (operator)."""
        return publish_clearing_schedule(actor=actor_of(self.request), **data)


class ClosedDayViewSet(_PublishedViewSet):
    """Days without cut-offs, in addition to weekends, public holidays and the banks' year-end."""

    serializer_class = ClosedDaySerializer
    filterset_fields = ("day", "currency", "closed")
    queryset = ClosedDay.objects.all()

    def get_queryset(self) -> QuerySet[ClosedDay]:
        """All declarations of closed days."""
        return published_closed_days()

    @create_command(
        summary="Declare a day closed to clearing",
        needs=Permission.CLEARING_WRITE,
        request=DeclareClosedDaySerializer,
        response=ClosedDaySerializer,
        example=CLOSED_DAY_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> ClosedDay:
        """For one currency, or for all; takes two people (operator)."""
        return declare_closed_day(actor=actor_of(self.request), **data)

    @command(
        summary="Withdraw a closed day",
        needs=Permission.CLEARING_WRITE,
        request=WithdrawClosedDaySerializer,
        response=ClosedDaySerializer,
        detail=False,
        status=201,
        example={"day": "2030-05-02"},
    )
    def withdraw(self, data: dict[str, Any]) -> ClosedDay:
        """Adds a declaration that withdraws the closed day; takes two people (operator)."""
        return withdraw_closed_day(actor=actor_of(self.request), **data)


class CutOffsView(APIView):
    """The next cut-offs."""

    permission_classes = (MayCall,)
    reads = PUBLIC
    authentication_classes = ()

    @extend_schema(
        summary="Read the next cut-offs of a currency",
        parameters=[CutOffsQuerySerializer],
        responses={200: CutOffsSerializer},
    )
    def get(self, request: Request) -> Response:
        """By the calendar as published now."""
        asked = CutOffsQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        currency = asked.validated_data["currency"]
        found = {
            "currency": currency,
            "time_zone": str(clock.market_zone()),
            "value_date": value_date(currency),
            "cut_offs": next_cut_offs(currency, count=asked.validated_data["count"]),
        }
        return Response(CutOffsSerializer(found).data)
