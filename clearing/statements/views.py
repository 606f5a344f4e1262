"""Routes of monthly statements."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.renderers import AsAddressed, PdfRenderer
from marketplace.api.views import PROBLEMS, MarketReadViewSet

from ..invoices.views import LANGUAGE, pdf_response
from ..ledger.views import CURRENCY
from .filters import MonthlyStatementFilter
from .models import MonthlyStatement
from .queries import draft_statement, visible_statements
from .rendering import statement_pdf
from .serializers import DraftStatementSerializer, FullStatementSerializer, MonthlyStatementSerializer

ORGANISATION = OpenApiParameter(
    name="organisation",
    type=OpenApiTypes.STR,
    description="Organisation to read, for the operator; default the caller's.",
)


class MonthlyStatementViewSet(MarketReadViewSet[MonthlyStatement]):
    """Monthly statements of the caller's organisation; all statements for the operator."""

    serializer_class = MonthlyStatementSerializer
    filterset_class = MonthlyStatementFilter
    queryset = MonthlyStatement.objects.none()

    def get_queryset(self) -> QuerySet[MonthlyStatement]:
        """Statements that the caller may see."""
        return visible_statements(self.actor)

    def get_serializer_class(self) -> Any:
        """With the document for one statement, without it in lists."""
        return FullStatementSerializer if self.action == "retrieve" else self.serializer_class

    @extend_schema(
        summary="Read the draft statement of the running month",
        parameters=[CURRENCY, ORGANISATION],
        responses={200: DraftStatementSerializer, **PROBLEMS},
    )
    @action(detail=False, methods=["get"], filterset_class=None, pagination_class=None)
    def draft(self, request: Request) -> Response:
        """A draft that is not recorded, because the month is not over."""
        document = draft_statement(
            self.actor,
            currency=request.query_params.get("currency", "JPY"),
            organisation=request.query_params.get("organisation"),
        )
        return Response(DraftStatementSerializer({"draft": True, "document": document}).data)

    @extend_schema(
        summary="Read a monthly statement as PDF",
        parameters=[LANGUAGE],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY, **PROBLEMS},
    )
    @action(
        detail=True,
        methods=["get"],
        url_path="document.pdf",
        url_name="pdf",
        filterset_class=None,
        renderer_classes=[PdfRenderer],
        content_negotiation_class=AsAddressed,
    )
    def document_pdf(self, request: Request, **_: Any) -> Response:
        """The recorded statement as PDF/A. A large one is made by a job: until it is there, 409 with `Retry-After`."""
        statement = self.get_object()
        language: Any = request.query_params.get("language", "ja")
        content = statement_pdf(statement, language, self.actor.organisation or "")
        return pdf_response(content, str(statement.document["number"]), language)
