"""Invoices for whom they concern, and sellers' notices of the intermediary rule."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.renderers import AsAddressed, PdfRenderer
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command, create_command

from .filters import InvoiceFilter
from .models import IntermediaryNotice, Invoice
from .queries import invoice_pdf, visible_intermediary_notices, visible_invoices
from .serializers import (
    CorrectInvoiceSerializer,
    IntermediaryNoticeDaySerializer,
    IntermediaryNoticeSerializer,
    InvoiceSerializer,
)
from .services.correcting import correct_invoice
from .services.intermediary import give_intermediary_notice, withdraw_intermediary_notice

LANGUAGE = OpenApiParameter(
    name="language", type=OpenApiTypes.STR, enum=["ja", "en"], description="Japanese unless said otherwise."
)
CORRECTION_EXAMPLE = {
    "changes": {"purchase_order": "PO-2026-0077"},
    "reason": "注文番号の誤記",
}
DAY_EXAMPLE = {"effective_from": "2099-04-01"}


def pdf_response(content: bytes, name: str, language: str) -> Response:
    """A PDF to be shown, under a name to keep it by."""
    return Response(
        content,
        headers={
            "Content-Disposition": f'inline; filename="{name}.{language}.pdf"',
            "Content-Language": language,
        },
    )


class InvoiceViewSet(MarketReadViewSet[Invoice]):
    """Invoices that the caller issued, supplied or received; every one, for the operator."""

    serializer_class = InvoiceSerializer
    filterset_class = InvoiceFilter
    queryset = Invoice.objects.none()

    def get_queryset(self) -> QuerySet[Invoice]:
        """What the caller may see."""
        return visible_invoices(self.actor)

    @command(
        summary="Issue a corrected invoice in place of one",
        request=CorrectInvoiceSerializer,
        response=InvoiceSerializer,
        status=201,
        filterset_class=None,
        example=CORRECTION_EXAMPLE,
    )
    def correct(self, data: dict[str, Any], public_id: str) -> Invoice:
        """A further invoice replaces this one and says what was wrong; amounts stay (its issuer)."""
        return correct_invoice(
            actor=self.actor, invoice=public_id, changes=dict(data["changes"]), reason=data["reason"]
        )

    @extend_schema(
        summary="Read an invoice as PDF",
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
        """The invoice as it was issued, as PDF/A."""
        invoice = self.get_object()
        language: Any = request.query_params.get("language", "ja")
        return pdf_response(invoice_pdf(invoice, language), invoice.number, language)


class IntermediaryNoticeViewSet(MarketReadViewSet[IntermediaryNotice]):
    """Notices by which the caller lets the operator issue its invoices; every one, for the operator."""

    serializer_class = IntermediaryNoticeSerializer
    filterset_fields = ("effective_from",)
    queryset = IntermediaryNotice.objects.none()

    def get_queryset(self) -> QuerySet[IntermediaryNotice]:
        """What the caller may see."""
        return visible_intermediary_notices(self.actor)

    @create_command(
        summary="Let the operator issue the caller's invoices",
        request=IntermediaryNoticeDaySerializer,
        response=IntermediaryNoticeSerializer,
        example=DAY_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> IntermediaryNotice:
        """For what is accepted from that day on, while both are registered (a seller for itself)."""
        return give_intermediary_notice(actor=self.actor, effective_from=data["effective_from"])

    @command(
        summary="Withdraw the notice",
        request=IntermediaryNoticeDaySerializer,
        response=IntermediaryNoticeSerializer,
        filterset_fields=None,
        example=DAY_EXAMPLE,
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> IntermediaryNotice:
        """For what is accepted from that day on the caller issues its own invoices again (its giver)."""
        return withdraw_intermediary_notice(
            actor=self.actor, notice=public_id, effective_from=data["effective_from"]
        )
