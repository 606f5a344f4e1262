"""The API of indices, and of what the clauses of an agreement did."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.permissions import PUBLIC
from marketplace.api.views import PROBLEMS, MarketReadViewSet, create_command
from marketplace.kernel.permissions import Permission

from ..models import IndexValue
from . import services
from .queries import fired_of
from .serializers import EnterIndexValueSerializer, FiredAdjustmentSerializer, IndexValueSerializer


class ShowsFired:
    """The route of an agreement about what its clauses did."""

    get_object: Any

    @extend_schema(
        summary="Read what the clauses adjusted",
        responses={200: FiredAdjustmentSerializer(many=True), **PROBLEMS},
        filters=False,
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def adjustments(self, request: Request, **_: Any) -> Response:
        """Every adjustment that a signed clause made by itself, in order, each with the market's signed record."""
        rows = fired_of(self.get_object())
        return Response(FiredAdjustmentSerializer(rows, many=True).data)


class IndexValueViewSet(MarketReadViewSet[IndexValue]):
    """Values of indices by which prices adjust themselves; public."""

    reads = PUBLIC
    serializer_class = IndexValueSerializer
    queryset = IndexValue.objects.all()
    filterset_fields = ("index",)

    @create_command(
        summary="Enter the value of an index",
        needs=Permission.DISPUTES_WRITE,
        request=EnterIndexValueSerializer,
        response=IndexValueSerializer,
        example={
            "index": "cpi_jp",
            "as_of": "2026-10-01",
            "value_milli": 104_300,
            "source": "総務省統計局 消費者物価指数 2026年10月",
        },
        moves_money=True,
    )
    def create(self, data: dict[str, Any]) -> IndexValue:
        """Enter the value of an index as of a day, in thousandths, with its source (two people of the operator)."""
        return services.enter_index_value(actor=self.actor, **data)
