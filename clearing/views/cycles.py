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

from marketplace.api.permissions import IsOperator
from marketplace.api.renderers import AsAddressed, DocumentRenderer
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command, create_command

from .. import queries, services
from ..filters import PositionFilter
from ..models import Cycle, NetPosition
from ..serializers import CycleSerializer, OpenCycleSerializer, PositionSerializer, StatementSerializer

VERIFICATION_SCRIPT = Path(__file__).parents[1] / "verify_statement.py"


class CycleViewSet(MarketReadViewSet[Cycle]):
    """Clearing cycles: what each came to, and the hashes by which anybody can tell that it never changed."""

    serializer_class = CycleSerializer
    filterset_fields = ("currency", "state", "business_key")
    queryset = Cycle.objects.all()

    def get_permissions(self) -> list[Any]:
        """Reading is public, commands are the operator's."""
        return [AllowAny()] if self.request.method in SAFE_METHODS else [IsOperator()]

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
