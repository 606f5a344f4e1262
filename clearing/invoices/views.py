"""Routes of invoices and intermediary notices."""

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
from marketplace.kernel.permissions import Permission

from .filters import InvoiceFilter
from .models import IntermediaryNotice, Invoice
from .queries import visible_intermediary_notices, visible_invoices
from .rendering import invoice_pdf
from .serializers import (
    CorrectInvoiceSerializer,
    IntermediaryNoticeDaySerializer,
    IntermediaryNoticeSerializer,
    InvoiceSerializer,
)
from .services.correcting import correct_invoice, require_printable_correction
from .services.intermediary import give_intermediary_notice, withdraw_intermediary_notice

LANGUAGE = OpenApiParameter(
    name="language", type=OpenApiTypes.STR, enum=["ja", "en"], description="Language; default Japanese."
)
CORRECTION_EXAMPLE = {
    "changes": {"purchase_order": "PO-2026-0077"},
    "reason": "注文番号の誤記",
}
DAY_EXAMPLE = {"effective_from": "2099-04-01"}


def pdf_response(content: bytes, name: str, language: str) -> Response:
    """A PDF response for display, with a file name for saving."""
    return Response(
        content,
        headers={
            "Content-Disposition": f'inline; filename="{name}.{language}.pdf"',
            "Content-Language": language,
        },
    )


def read_correction(_view: InvoiceViewSet, data: dict[str, Any], _invoice: str) -> None:
    """Refuse a correction that cannot be printed, before the command's transaction. Raises FieldInvalid."""
    require_printable_correction(changes=dict(data["changes"]), reason=data["reason"])


class InvoiceViewSet(MarketReadViewSet[Invoice]):
    """Invoices that the caller issued, supplied or received; all invoices for the operator."""

    serializer_class = InvoiceSerializer
    reads = (Permission.MONEY_READ, Permission.CLEARING_READ)
    filterset_class = InvoiceFilter
    queryset = Invoice.objects.none()

    def get_queryset(self) -> QuerySet[Invoice]:
        """Invoices that the caller may see."""
        return visible_invoices(self.actor)

    @command(
        summary="Replace an invoice by a corrected one",
        needs=(Permission.MONEY_WRITE, Permission.CLEARING_WRITE),
        request=CorrectInvoiceSerializer,
        response=InvoiceSerializer,
        status=201,
        filterset_class=None,
        example=CORRECTION_EXAMPLE,
        prepare=read_correction,
        moves_money=True,
    )
    def correct(self, data: dict[str, Any], public_id: str) -> Invoice:
        """A further invoice replaces this one and states what was wrong; amounts stay (issuer)."""
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
        """The invoice as issued, as PDF/A. A large one is made by a job: until it is there, 409 with `Retry-After`."""
        invoice = self.get_object()
        language: Any = request.query_params.get("language", "ja")
        return pdf_response(
            invoice_pdf(invoice, language, self.actor.organisation or ""), invoice.number, language
        )


class IntermediaryNoticeViewSet(MarketReadViewSet[IntermediaryNotice]):
    """Intermediary notices of the caller; all notices for the operator."""

    serializer_class = IntermediaryNoticeSerializer
    reads = (Permission.MONEY_READ, Permission.CLEARING_READ)
    filterset_fields = ("effective_from",)
    queryset = IntermediaryNotice.objects.none()

    def get_queryset(self) -> QuerySet[IntermediaryNotice]:
        """Notices that the caller may see."""
        return visible_intermediary_notices(self.actor)

    @create_command(
        summary="Let the operator issue the caller's invoices",
        needs=Permission.MONEY_WRITE,
        request=IntermediaryNoticeDaySerializer,
        response=IntermediaryNoticeSerializer,
        example=DAY_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> IntermediaryNotice:
        """For trades accepted from that day on, while seller and operator are registered (seller)."""
        return give_intermediary_notice(actor=self.actor, effective_from=data["effective_from"])

    @command(
        summary="Withdraw an intermediary notice",
        needs=Permission.MONEY_WRITE,
        request=IntermediaryNoticeDaySerializer,
        response=IntermediaryNoticeSerializer,
        filterset_fields=None,
        example=DAY_EXAMPLE,
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> IntermediaryNotice:
        """For trades accepted from that day on the caller issues its own invoices again (giver)."""
        return withdraw_intermediary_notice(
            actor=self.actor, notice=public_id, effective_from=data["effective_from"]
        )
