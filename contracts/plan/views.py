"""What shows the plan of a negotiation to both sides."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.views import PROBLEMS, MarketReadViewSet

from ..models import Negotiation
from .queries import shown_plan
from .serializers import PlanSerializer


class ShowsPlan(MarketReadViewSet[Negotiation]):
    """A negotiation shows the plan of the proposal that stands, or of what was signed."""

    @extend_schema(
        summary="Read how the agreement is carried out", responses={200: PlanSerializer, **PROBLEMS}
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def plan(self, request: Request, **_: Any) -> Response:
        """The plan of the standing proposal, or of what the seller has signed, as it is signed and executed, and in words: access,
        receipt, acceptance, charges, every end and what follows, who may stop what, deadlines, and how each right is kept."""
        return Response(PlanSerializer(shown_plan(self.get_object())).data)
