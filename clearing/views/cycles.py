"""Cycles for everybody, positions for whose they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS, AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import HasScope, IsOperator
from marketplace.api.renderers import AsAddressed, DocumentRenderer
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command, create_command

from .. import queries, services
from ..filters import PositionFilter
from ..models import Cycle, NetPosition
from ..serializers import (
    CycleSerializer,
    DryRunSerializer,
    HoldCycleSerializer,
    LeftOutSerializer,
    OpenCycleSerializer,
    PositionSerializer,
    ProgressSerializer,
    StatementSerializer,
)

VERIFICATION_SCRIPT = Path(__file__).parents[1] / "verify_statement.py"


class CycleViewSet(MarketReadViewSet[Cycle]):
    """Clearing cycles: what each came to, and the hashes by which anybody can tell that it never changed."""

    serializer_class = CycleSerializer
    filterset_fields = ("currency", "state", "business_key")
    queryset = Cycle.objects.all()

    def get_permissions(self) -> list[Any]:
        """Reading is public but for what names trades; commands are the operator's."""
        if self.request.method not in SAFE_METHODS:
            return [IsOperator()]
        return [HasScope()] if self.action == "left_out" else [AllowAny()]

    def get_queryset(self) -> QuerySet[Cycle]:
        """Every cycle."""
        return queries.visible_cycles()

    @create_command(
        summary="Begin clearing in a currency",
        request=OpenCycleSerializer,
        response=CycleSerializer,
        example={"currency": "JPY"},
    )
    def create(self, data: dict[str, Any]) -> Cycle:
        """Open the market's accounts and the first cycle (operator)."""
        return services.open_first_cycle(actor=self.actor, currency=data["currency"])

    @command(summary="Cut off a cycle", response=CycleSerializer)
    def close(self, data: dict[str, Any], public_id: str) -> Cycle:
        """Close the cycle and open the next one; workers do the rest (operator)."""
        return services.close_cycle(actor=self.actor, cycle=public_id)

    @command(
        summary="Keep a cycle where it is",
        request=HoldCycleSerializer,
        response=CycleSerializer,
        example={"reason": "監査法人の照会に回答するまで保留"},
    )
    def hold(self, data: dict[str, Any], public_id: str) -> Cycle:
        """From its cut-off until it is settled: no step is done, and no transfer file is written (operator)."""
        return services.hold_cycle(actor=self.actor, cycle=public_id, reason=data["reason"])

    @command(
        summary="Let a cycle go on",
        request=HoldCycleSerializer,
        response=CycleSerializer,
        example={"reason": "照会に回答済み"},
    )
    def release(self, data: dict[str, Any], public_id: str) -> Cycle:
        """End a hold; workers take the cycle on (operator)."""
        return services.release_cycle(actor=self.actor, cycle=public_id, reason=data["reason"])

    @extend_schema(
        summary="Compute what a cycle would come to now",
        request=None,
        responses={200: DryRunSerializer, **PROBLEMS},
    )
    @action(detail=True, methods=["post"], url_path="dry-run", filterset_fields=None)
    def dry_run(self, request: Request, **captured: Any) -> Response:
        """By the code of the real steps, from one snapshot; nothing is written (operator)."""
        run = services.dry_run_cycle(actor=self.actor, cycle=captured["id"])
        return Response(DryRunSerializer(run, context=self.get_serializer_context()).data)

    @extend_schema(summary="Watch a cycle go on", responses={200: ProgressSerializer, **PROBLEMS})
    @action(detail=True, methods=["get"], filterset_fields=None)
    def progress(self, request: Request, **_: Any) -> Response:
        """Its steps with their times, invoices and payments in counts, and what it waits for."""
        progress = queries.progress_of(self.get_object())
        return Response(ProgressSerializer(progress, context=self.get_serializer_context()).data)

    @extend_schema(
        summary="List the trades that a cycle left out",
        responses={200: LeftOutSerializer(many=True), **PROBLEMS},
    )
    @action(detail=True, methods=["get"], url_path="left-out", filterset_fields=None)
    def left_out(self, request: Request, **_: Any) -> Response:
        """Trades of the caller (every one, for the operator) that stood at the cut-off and stayed out, and why."""
        cycle = self.get_object()
        trades: Any = self.paginate_queryset(queries.trades_left_out(cycle, self.actor))
        rows = queries.explained([(cycle, trade) for trade in trades])
        written = LeftOutSerializer(rows, many=True, context=self.get_serializer_context())
        return self.get_paginated_response(written.data)


class PositionViewSet(MarketReadViewSet[NetPosition]):
    """What cycles came to for the caller's organisation; for every one, if it is the operator."""

    serializer_class = PositionSerializer
    filterset_class = PositionFilter
    queryset = NetPosition.objects.none()

    def get_queryset(self) -> QuerySet[NetPosition]:
        """What the caller may see."""
        return queries.visible_positions(self.actor)

    @extend_schema(
        summary="Read a signed statement with proofs", responses={200: StatementSerializer, **PROBLEMS}
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def statement(self, request: Request, **_: Any) -> StreamingHttpResponse:
        """Every line of the position's participant, each with the path of hashes to the cycle's public root."""
        position = self.get_object()
        return StreamingHttpResponse(
            queries.position_statement(position),
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{position.public_id}.json"'},
        )


class PythonRenderer(DocumentRenderer):
    """text/x-python."""

    media_type = "text/x-python"
    format = "py"
    charset = "utf-8"


class VerificationScriptView(APIView):
    """The program that checks a statement, for everybody."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
    renderer_classes = (PythonRenderer,)
    content_negotiation_class = AsAddressed

    @extend_schema(
        summary="Download the program that checks a statement",
        responses={(200, "text/x-python"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> Response:
        """Python on the standard library alone; it recomputes a position from its participant's own lines."""
        return Response(
            VERIFICATION_SCRIPT.read_text(encoding="utf-8"),
            headers={"Content-Disposition": f'attachment; filename="{VERIFICATION_SCRIPT.name}"'},
        )
