"""Routes of netting: positions, position statements, and the verification script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import PUBLIC, MayCall
from marketplace.api.renderers import AsAddressed, DocumentRenderer
from marketplace.api.views import PROBLEMS, MarketReadViewSet
from marketplace.kernel.permissions import Permission

from .filters import PositionFilter
from .models import NetPosition
from .position_statements import position_statement
from .queries import visible_positions
from .serializers import PositionSerializer, StatementSerializer

VERIFICATION_SCRIPT = Path(__file__).with_name("verify_statement.py")


class PositionViewSet(MarketReadViewSet[NetPosition]):
    """Net positions of the caller's organisation; all positions for the operator."""

    serializer_class = PositionSerializer
    reads = (Permission.MONEY_READ, Permission.CLEARING_READ)
    filterset_class = PositionFilter
    queryset = NetPosition.objects.none()

    def get_queryset(self) -> QuerySet[NetPosition]:
        """Positions that the caller may see."""
        return visible_positions(self.actor)

    @extend_schema(
        summary="Read a signed position statement with proofs",
        responses={200: StatementSerializer, **PROBLEMS},
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def statement(self, request: Request, **_: Any) -> StreamingHttpResponse:
        """Every line of the participant, each with its path of hashes to the cycle's public root."""
        position = self.get_object()
        return StreamingHttpResponse(
            position_statement(position),
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{position.public_id}.json"'},
        )


class PythonRenderer(DocumentRenderer):
    """text/x-python."""

    media_type = "text/x-python"
    format = "py"
    charset = "utf-8"


class VerificationScriptView(APIView):
    """The program that verifies a position statement."""

    permission_classes = (MayCall,)
    reads = PUBLIC
    authentication_classes = ()
    renderer_classes = (PythonRenderer,)
    content_negotiation_class = AsAddressed

    @extend_schema(
        summary="Download the program that verifies a position statement",
        responses={(200, "text/x-python"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> Response:
        """Needs only Python's standard library; recomputes a position from the participant's own lines."""
        return Response(
            VERIFICATION_SCRIPT.read_text(encoding="utf-8"),
            headers={"Content-Disposition": f'attachment; filename="{VERIFICATION_SCRIPT.name}"'},
        )
