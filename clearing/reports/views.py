"""Routes that join several rooms: expected payments, traced entries, cycle reports, trades left out."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.pagination import MarketCursorPagination
from marketplace.api.permissions import MayCall, declare
from marketplace.api.principal import actor_of
from marketplace.api.renderers import AsAddressed, HtmlRenderer
from marketplace.api.views import PROBLEMS, MarketReadViewSet
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission

from ..cycles.models import Cycle
from ..ledger.filters import EntryFilter
from ..ledger.models import Entry
from ..ledger.queries import visible_entries
from ..ledger.serializers import EntrySerializer
from ..ledger.states import LineKind
from ..netting.queries import trade_proof
from ..netting.serializers import TradeProofSerializer
from ..run.views import CycleViewSet as CycleReadViewSet
from ..trades.views import TradeViewSet as TradeReadViewSet
from .cycle_report import cycle_report, cycle_report_html
from .expected import ExpectedPayments
from .filters import LateTradeFilter
from .left_out import explained, trades_left_out
from .serializers import (
    ExpectedPaymentsSerializer,
    LeftOutSerializer,
    TracedEntrySerializer,
    TracedObligationSerializer,
)
from .tracing import obligations_behind

LANGUAGE = OpenApiParameter(
    name="language", type=OpenApiTypes.STR, enum=["ja", "en"], description="Language; default Japanese."
)


class CycleReportViewSet(viewsets.GenericViewSet[Cycle]):
    """Reports of closed cycles: who owes whom before and after netting, reductions, trades left out, times."""

    permission_classes = (MayCall,)
    reads = Permission.CLEARING_READ
    lookup_field = "public_id"
    lookup_url_kwarg = "id"
    queryset = Cycle.objects.all()

    def get_queryset(self) -> QuerySet[Cycle]:
        """Closed cycles."""
        return Cycle.objects.filter(closed_at__isnull=False)

    @extend_schema(
        summary="Read the clearing report of a cycle", responses={200: OpenApiTypes.OBJECT, **PROBLEMS}
    )
    def retrieve(self, request: Request, **_: Any) -> Response:
        """The figures, by public identifiers (operator)."""
        return Response(cycle_report(self.get_object()))

    @extend_schema(
        summary="Read the clearing report of a cycle as a page with charts",
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
        return Response(cycle_report_html(self.get_object(), language))


ROLES = ("seller", "beneficiary")
ROLE = OpenApiParameter(
    name="role",
    type=OpenApiTypes.STR,
    enum=list(ROLES),
    description="Payments as seller (default), or shares as beneficiary.",
)
CURSOR = OpenApiParameter(name="cursor", type=OpenApiTypes.STR, description="Cursor from the last page.")
PAGE_SIZE = OpenApiParameter(name="page_size", type=OpenApiTypes.INT, description="At most 200.")


class ExpectedPaymentsView(APIView):
    """What the caller's organisation will be paid, when, and what it waits for."""

    permission_classes = (MayCall,)
    reads = (Permission.MONEY_READ, Permission.CLEARING_READ)

    @extend_schema(
        summary="Read the expected payments of the caller",
        parameters=[ROLE, CURSOR, PAGE_SIZE],
        responses={200: ExpectedPaymentsSerializer, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """Unpaid trades, newest first, with totals by day and the payments in progress."""
        role = request.query_params.get("role", "seller")
        if role not in ROLES:
            raise FieldInvalid(
                "role", Label("choose seller or beneficiary", "seller か beneficiary を選んでください")
            )
        expected = ExpectedPayments(actor_of(request))
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


LINE = OpenApiParameter(
    name="line", type=OpenApiTypes.STR, enum=list(LineKind.values), required=True, description="Posting kind."
)


class JournalEntryViewSet(MarketReadViewSet[Entry]):
    """Journal entries about the caller's organisation; all entries for the operator."""

    serializer_class = EntrySerializer
    reads = (Permission.MONEY_READ, Permission.CLEARING_READ)
    filterset_class = EntryFilter
    queryset = Entry.objects.none()

    def get_queryset(self) -> QuerySet[Entry]:
        """Entries that the caller may see."""
        return visible_entries(self.actor)

    def get_serializer_class(self) -> Any:
        """With the trace for one entry."""
        return TracedEntrySerializer if self.action == "retrieve" else EntrySerializer

    @extend_schema(
        summary="Read the obligations in a posting of a cycle's journal entry",
        parameters=[LINE],
        responses={200: TracedObligationSerializer(many=True), **PROBLEMS},
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def obligations(self, request: Request, **_: Any) -> Response:
        """The obligations that the posting sums up, newest first, in pages."""
        entry, line = self.get_object(), request.query_params.get("line", "")
        if line not in LineKind.values:
            known = ", ".join(LineKind.values)
            raise FieldInvalid("line", Label(f"choose one of {known}", f"{known} から選んでください"))
        page = self.paginate_queryset(obligations_behind(entry, line))
        serializer = TracedObligationSerializer(page, many=True, context=self.get_serializer_context())
        return self.get_paginated_response(serializer.data)


class TradeViewSet(TradeReadViewSet):
    """Trades with inclusion proofs, and a filter for payments that are late by law."""

    filterset_class = LateTradeFilter

    @extend_schema(
        summary="Prove that a trade is in its cycle", responses={200: TradeProofSerializer, **PROBLEMS}
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def proof(self, request: Request, **_: Any) -> Response:
        """The trade's line and its path of hashes to the cycle's public Merkle root."""
        return Response(TradeProofSerializer(trade_proof(self.get_object())).data)


class CycleViewSet(CycleReadViewSet):
    """Cycles, with the trades that each left out."""

    @extend_schema(
        summary="List the trades that a cycle left out",
        responses={200: LeftOutSerializer(many=True), **PROBLEMS},
    )
    @action(detail=True, methods=["get"], url_path="left-out", filterset_fields=None)
    @declare((Permission.MONEY_READ, Permission.CLEARING_READ))
    def left_out(self, request: Request, **_: Any) -> Response:
        """The caller's trades (all, for the operator) that were open at the cut-off and left out, and why."""
        cycle = self.get_object()
        trades: Any = self.paginate_queryset(trades_left_out(cycle, self.actor))
        rows = explained([(cycle, trade) for trade in trades])
        written = LeftOutSerializer(rows, many=True, context=self.get_serializer_context())
        return self.get_paginated_response(written.data)
