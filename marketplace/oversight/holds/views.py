"""The API of legal holds, and the public schedule of retention."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import PUBLIC
from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import services
from .filters import LegalHoldFilter
from .models import LIFTS, STAFF, LegalHold
from .schedule import schedule
from .serializers import (
    LegalHoldSerializer,
    LiftHoldSerializer,
    OpenHoldSerializer,
    RetentionScheduleSerializer,
)


class LegalHoldViewSet(MarketReadViewSet[LegalHold]):
    """Legal holds, in force and lifted (operator)."""

    reads = (*STAFF, Permission.EVIDENCE_READ)
    serializer_class = LegalHoldSerializer
    filterset_class = LegalHoldFilter
    queryset = LegalHold.objects.none()

    def get_queryset(self) -> QuerySet[LegalHold]:
        """Every hold."""
        return LegalHold.objects.all()

    @create_command(
        summary="Open a legal hold",
        needs=STAFF,
        request=OpenHoldSerializer,
        response=LegalHoldSerializer,
        example={
            "subject": "org_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "reason": "訴訟の提起が予想されるため",
            "reference": "令和8年(ワ)第1号",
            "days": 180,
        },
    )
    def create(self, data: dict[str, Any]) -> LegalHold:
        """Nothing about the subject, or of the period, is deleted until two people lift the hold (operator)."""
        return services.open_hold(actor=self.actor, **data)

    @command(
        summary="Lift a legal hold",
        needs=LIFTS,
        request=LiftHoldSerializer,
        response=LegalHoldSerializer,
        example={"reason": "判決が確定したため"},
    )
    def lift(self, data: dict[str, Any], public_id: str) -> LegalHold:
        """Two people lift it, neither with an interest in a party; what is old then leaves as everything does (operator)."""
        return services.lift_hold(actor=self.actor, hold=public_id, **data)


class RetentionScheduleView(APIView):
    """The schedule of retention; public."""

    reads = PUBLIC

    @extend_schema(
        summary="Read how long everything is kept",
        responses={200: RetentionScheduleSerializer},
        operation_id="retention_schedule",
    )
    def get(self, request: Request) -> Response:
        """What is kept by which law, and what leaves after how many days."""
        return Response(RetentionScheduleSerializer(schedule()).data)
