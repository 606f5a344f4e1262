"""The clearing report of a cycle, with its pictures, for the operator."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.permissions import IsOperator
from marketplace.api.renderers import AsAddressed, HtmlRenderer
from marketplace.api.views import PROBLEMS

from .. import queries
from ..models import Cycle

LANGUAGE = OpenApiParameter(
    name="language", type=OpenApiTypes.STR, enum=["ja", "en"], description="Japanese unless said otherwise."
)


class CycleReportViewSet(viewsets.GenericViewSet[Cycle]):
    """What a cycle that was cut off came to: who owes whom before and after, what was reduced, left out, how long."""

    permission_classes = (IsOperator,)
    lookup_field = "public_id"
    lookup_url_kwarg = "id"
    queryset = Cycle.objects.all()

    def get_queryset(self) -> QuerySet[Cycle]:
        """Cycles that were cut off."""
        return Cycle.objects.filter(closed_at__isnull=False)

    @extend_schema(
        summary="Read the clearing report of a cycle", responses={200: OpenApiTypes.OBJECT, **PROBLEMS}
    )
    def retrieve(self, request: Request, **_: Any) -> Response:
        """The figures, by public identifiers (operator)."""
        return Response(queries.cycle_report(self.get_object()))

    @extend_schema(
        summary="Read the clearing report of a cycle as a page with pictures",
        parameters=[LANGUAGE],
        responses={(200, "text/html"): OpenApiTypes.STR, **PROBLEMS},
    )
    @action(
        detail=True,
        methods=["get"],
        url_path="document.html",
        url_name="html",
        renderer_classes=[HtmlRenderer],
        content_negotiation_class=AsAddressed,
    )
    def document_html(self, request: Request, **_: Any) -> Response:
        """One self-contained page (operator)."""
        language: Any = request.query_params.get("language", "ja")
        return Response(queries.cycle_report_html(self.get_object(), language))
