"""The route of an agreement about its terms that law made unlawful."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.views import PROBLEMS

from .queries import adjustments_by_law
from .serializers import LawAdjustmentSerializer


class ShowsLaw:
    """The route of an agreement about what law asks of it."""

    get_object: Any

    @extend_schema(
        summary="Read which terms law made unlawful",
        responses={200: LawAdjustmentSerializer(many=True), **PROBLEMS},
        filters=False,
    )
    @action(
        detail=True, methods=["get"], url_path="law-adjustments", filterset_class=None, pagination_class=None
    )
    def law_adjustments(self, request: Request, **_: Any) -> Response:
        """Every term that a later rulebook made unlawful, with the day by which an amendment takes effect; without one the agreement then
        ends by law. Each has the market's signed record."""
        rows = adjustments_by_law(self.get_object())
        return Response(LawAdjustmentSerializer(rows, many=True).data)
