"""What the caller will be paid."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.pagination import MarketCursorPagination
from marketplace.api.permissions import HasScope
from marketplace.api.principal import actor_of
from marketplace.api.views import PROBLEMS
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .. import queries
from ..serializers import ExpectedPaymentsSerializer

ROLES = ("seller", "beneficiary")
ROLE = OpenApiParameter(
    name="role",
    type=OpenApiTypes.STR,
    enum=list(ROLES),
    description="By what is sold (unless said otherwise), or by shares of what others sell.",
)
CURSOR = OpenApiParameter(name="cursor", type=OpenApiTypes.STR, description="As the last page gave it.")
PAGE_SIZE = OpenApiParameter(name="page_size", type=OpenApiTypes.INT, description="200 at most.")


class ExpectedPaymentsView(APIView):
    """What the caller's organisation will be paid, when, and why something is held."""

    permission_classes = (HasScope,)

    @extend_schema(
        summary="Read what the caller will be paid, and when",
        parameters=[ROLE, CURSOR, PAGE_SIZE],
        responses={200: ExpectedPaymentsSerializer, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """Trades not paid yet, newest first, with totals by day and the payments that are under way."""
        role = request.query_params.get("role", "seller")
        if role not in ROLES:
            raise FieldInvalid(
                "role", Label("choose seller or beneficiary", "seller か beneficiary を選んでください")
            )
        expected = queries.ExpectedPayments(actor_of(request))
        paginator = MarketCursorPagination()
        if role == "seller":
            rows = expected.of_trades(
                paginator.paginate_queryset(expected.trades(), request, view=self) or []
            )
        else:
            rows = expected.of_shares(
                paginator.paginate_queryset(expected.shares(), request, view=self) or []
            )
        shown = {
            "next": paginator.get_next_link(),
            "previous": paginator.get_previous_link(),
            "results": rows,
            "totals": expected.totals(),
            "payments": expected.payments(),
        }
        return Response(ExpectedPaymentsSerializer(shown, context={"request": request}).data)
