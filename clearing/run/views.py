"""Routes of cycles: their commands, dry run and progress."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.permissions import PUBLIC, declare
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from ..cycles.models import Cycle
from ..cycles.queries import visible_cycles
from .progress import progress_of
from .serializers import (
    CycleSerializer,
    DryRunSerializer,
    OpenCycleSerializer,
    PauseCycleSerializer,
    ProgressSerializer,
)
from .services.cycles import close_cycle, open_first_cycle, pause_cycle, resume_cycle
from .services.dry_run import dry_run_cycle


class CycleViewSet(MarketReadViewSet[Cycle]):
    """Clearing cycles: figures, and the hashes that prove that a cycle never changed."""

    serializer_class = CycleSerializer
    reads = PUBLIC
    filterset_fields = ("currency", "state", "business_key")
    queryset = Cycle.objects.all()

    def get_queryset(self) -> QuerySet[Cycle]:
        """All cycles."""
        return visible_cycles()

    @create_command(
        summary="Begin clearing in a currency",
        needs=Permission.CLEARING_WRITE,
        request=OpenCycleSerializer,
        response=CycleSerializer,
        example={"currency": "JPY"},
    )
    def create(self, data: dict[str, Any]) -> Cycle:
        """Open the market's accounts and the first cycle (operator)."""
        return open_first_cycle(actor=self.actor, currency=data["currency"])

    @command(
        summary="Cut off a cycle", response=CycleSerializer, moves_money=True, needs=Permission.CLEARING_WRITE
    )
    def close(self, data: dict[str, Any], public_id: str) -> Cycle:
        """Close the cycle and open the next one; workers do the rest (operator)."""
        return close_cycle(actor=self.actor, cycle=public_id)

    @command(
        summary="Pause a cycle",
        needs=Permission.CLEARING_WRITE,
        request=PauseCycleSerializer,
        response=CycleSerializer,
        example={"reason": "監査法人の照会に回答するまで一時停止"},
        moves_money=True,
    )
    def pause(self, data: dict[str, Any], public_id: str) -> Cycle:
        """Between its cut-off and its settlement: no step runs and no transfer file is made (operator)."""
        return pause_cycle(actor=self.actor, cycle=public_id, reason=data["reason"])

    @command(
        summary="Resume a cycle",
        needs=Permission.CLEARING_WRITE,
        request=PauseCycleSerializer,
        response=CycleSerializer,
        example={"reason": "照会に回答済み"},
        moves_money=True,
    )
    def resume(self, data: dict[str, Any], public_id: str) -> Cycle:
        """Ends the pause; workers advance the cycle (operator)."""
        return resume_cycle(actor=self.actor, cycle=public_id, reason=data["reason"])

    @extend_schema(
        summary="Compute the figures that a cycle would have now",
        request=None,
        responses={200: DryRunSerializer, **PROBLEMS},
    )
    @action(detail=True, methods=["post"], url_path="dry-run", filterset_fields=None)
    @declare(Permission.CLEARING_READ)
    def dry_run(self, request: Request, **captured: Any) -> Response:
        """Runs the code of the real steps on one snapshot; writes nothing (operator)."""
        run = dry_run_cycle(actor=self.actor, cycle=captured["id"])
        return Response(DryRunSerializer(run, context=self.get_serializer_context()).data)

    @extend_schema(summary="Read the progress of a cycle", responses={200: ProgressSerializer, **PROBLEMS})
    @action(detail=True, methods=["get"], filterset_fields=None)
    def progress(self, request: Request, **_: Any) -> Response:
        """Its steps with their times, numbers of invoices and payments, and what it waits for."""
        progress = progress_of(self.get_object())
        return Response(ProgressSerializer(progress, context=self.get_serializer_context()).data)
