"""Routes of monthly statements, certificates of balance and the reconciliation of a month."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import MayCall
from marketplace.api.renderers import AsAddressed, PdfRenderer
from marketplace.api.views import PROBLEMS, MarketReadViewSet, create_command
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission

from ..invoices.views import LANGUAGE, pdf_response
from ..ledger.models import LedgerPeriod
from ..ledger.serializers import ClosePeriodSerializer, LedgerPeriodSerializer
from ..ledger.views import CURRENCY, LedgerPeriodReadViewSet
from .certificate_models import BalanceCertificate
from .certificates import reconciliation_of, record_balance_certificate, visible_certificates
from .closing import close_ledger_period
from .filters import MonthlyStatementFilter
from .models import MonthlyStatement
from .queries import draft_statement, visible_statements
from .rendering import statement_pdf
from .serializers import (
    BalanceCertificateSerializer,
    DraftStatementSerializer,
    FullStatementSerializer,
    MonthlyStatementSerializer,
    ReconciliationSerializer,
    RecordCertificateSerializer,
)

ORGANISATION = OpenApiParameter(
    name="organisation",
    type=OpenApiTypes.STR,
    description="Organisation to read, for the operator; default the caller's.",
)


class MonthlyStatementViewSet(MarketReadViewSet[MonthlyStatement]):
    """Monthly statements of the caller's organisation; all statements for the operator."""

    serializer_class = MonthlyStatementSerializer
    reads = (Permission.MONEY_READ, Permission.CLEARING_READ)
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


MONTH = OpenApiParameter(
    name="month",
    type=OpenApiTypes.DATE,
    required=True,
    description="Any day of the month, such as 2026-11-01.",
)


class BankReconciliationView(APIView):
    """The books of a month beside the bank's statements and its certificate of balance."""

    permission_classes = (MayCall,)
    reads = Permission.CLEARING_READ

    @extend_schema(
        summary="Reconcile the client account at the end of a month",
        parameters=[CURRENCY, MONTH],
        responses={200: ReconciliationSerializer, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """The ledger by the bank's booking dates and by accounting days, the bank's statement, and the certificate."""
        try:
            month = date.fromisoformat(request.query_params.get("month", ""))
        except ValueError:
            raise FieldInvalid(
                "month",
                Label(
                    "write a day of the month as YYYY-MM-DD", "月内の日付をYYYY-MM-DDの形式で指定してください"
                ),
            ) from None
        found = reconciliation_of(currency=request.query_params.get("currency", "JPY"), month=month)
        return Response(ReconciliationSerializer(found).data)


class BalanceCertificateViewSet(MarketReadViewSet[BalanceCertificate]):
    """The bank's certificates of balance (operator)."""

    serializer_class = BalanceCertificateSerializer
    filterset_fields = ("currency", "month")
    reads = Permission.CLEARING_READ
    queryset = BalanceCertificate.objects.none()

    def get_queryset(self) -> QuerySet[BalanceCertificate]:
        """All certificates."""
        return visible_certificates()

    @create_command(
        summary="Record the bank's certificate of balance",
        needs=Permission.CLEARING_WRITE,
        request=RecordCertificateSerializer,
        response=BalanceCertificateSerializer,
        example={
            "currency": "JPY",
            "month": "2026-11-01",
            "balance_minor": 0,
            "reference": "残高証明書 2026-11",
            "document_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        },
    )
    def create(self, data: dict[str, Any]) -> BalanceCertificate:
        """Compares it with the ledger by the bank's booking dates; a difference opens a task (operator)."""
        return record_balance_certificate(actor=self.actor, **data)


class LedgerPeriodViewSet(LedgerPeriodReadViewSet):
    """Closed months (operator)."""

    @create_command(
        summary="Close the books of a month",
        needs=Permission.CLEARING_WRITE,
        request=ClosePeriodSerializer,
        response=LedgerPeriodSerializer,
        example={"month": "2026-11-01"},
    )
    def create(self, data: dict[str, Any]) -> LedgerPeriod:
        """Two people close the month and all earlier months; they take no further entries (operator)."""
        return close_ledger_period(actor=self.actor, month=data["month"])
