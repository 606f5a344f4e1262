"""The API of deliveries: both parties read them; the buyer downloads, reports, accepts and disputes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from listings.questions import ASKED_PURPOSES
from marketplace.api.permissions import declare
from marketplace.api.problems import CONTENT_TYPE
from marketplace.api.renderers import AsAddressed
from marketplace.api.serializers import ProblemSerializer
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command
from marketplace.kernel.permissions import Permission

from . import queries, services
from .collection import Moment
from .errors import DownloadsNotHere
from .filters import DeliveryFilter, DownloadFilter, VoucherFilter
from .models import Download, Entitlement, Voucher
from .paper_views import DeliveryPapers
from .plane.grants import granted_address, stated_in
from .recipient_views import DeclaredRecipients
from .serializers import (
    DeliverySerializer,
    DisputeInput,
    DownloadSerializer,
    ReceiptInput,
    SuspensionInput,
    VoucherSerializer,
)

EXAMPLE_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
DISTRIBUTION = "dst_01JDQ7M2F0000000000000000A"


class DeliveryViewSet(DeliveryPapers, DeclaredRecipients, MarketReadViewSet[Entitlement]):
    """Deliveries of the caller's organisation, as buyer or seller; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilter
    queryset = Entitlement.objects.none()

    def get_queryset(self) -> QuerySet[Entitlement]:
        """Deliveries in the caller's scope."""
        return queries.visible_deliveries(self.actor)

    def get_serializer_context(self) -> dict[str, Any]:
        """With the instant at which access is judged, and how long what nobody collects stays open."""
        return {**super().get_serializer_context(), "moment": Moment()}

    @declare(Permission.DELIVERIES_READ)
    @extend_schema(
        summary="Fetch a file",
        parameters=[
            OpenApiParameter("distribution", OpenApiTypes.STR, OpenApiParameter.PATH),
            OpenApiParameter(
                "purpose",
                enum=ASKED_PURPOSES,
                description="For which purpose you use the data; state it where the rights limit the purpose.",
                examples=[OpenApiExample("purpose", "commercial")],
            ),
            OpenApiParameter(
                "region",
                description="Where you process the data (ISO 3166-1, two letters); state it where the rights limit the region.",
                examples=[OpenApiExample("region", "JP")],
            ),
            OpenApiParameter(
                "Range", OpenApiTypes.STR, OpenApiParameter.HEADER, description="One range of bytes."
            ),
            OpenApiParameter(
                "If-Range", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The file's ETag."
            ),
        ],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            307: OpenApiResponse(description="The file is at Location, for a minute: follow it."),
            (416, CONTENT_TYPE): ProblemSerializer,
            (429, CONTENT_TYPE): ProblemSerializer,
            **PROBLEMS,
        },
    )
    @action(
        detail=True,
        methods=["get"],
        url_path=r"distributions/(?P<distribution>[^/.]+)/content",
        content_negotiation_class=AsAddressed,
    )
    def content(self, request: Request, id: str, distribution: str) -> HttpResponse:  # noqa: A002
        """The file, or a part of it. Behind the market's proxy it is sent at once; without one, follow the redirect.

        A part that is missing may be asked for alone: a delivery is complete when all of its bytes were sent. What the rights limit
        and the market enforces is judged here (`use_not_permitted`: `rights` names what is not met, `limits` says it in words); the
        downloads say what was stated and which use each was.
        """
        statement = stated_in(request)
        services.authorise_download(
            actor=self.actor, entitlement=id, distribution=distribution, statement=statement
        )
        if not settings.DOWNLOADS_URL:
            raise DownloadsNotHere
        response = HttpResponse(status=HTTPStatus.TEMPORARY_REDIRECT)
        response["Location"] = granted_address(actor=self.actor, path=request.path, statement=statement)
        response["Cache-Control"] = "private, no-store"
        return response

    @command(
        summary="Report the hash of a received file",
        needs=Permission.DELIVERIES_ANSWER,
        request=ReceiptInput,
        response=VoucherSerializer,
        status=201,
        example={"distribution": DISTRIBUTION, "sha256": EXAMPLE_HASH},
    )
    def receipts(self, data: dict[str, Any], public_id: str) -> Voucher:
        """Report the hash of a received file (buyer). A voucher records both hashes; if they differ, ``matched`` is false.

        ``matched`` is null while the end of the sending is not recorded yet: the report waits, and is compared then.
        """
        return services.report_receipt(actor=self.actor, entitlement=public_id, **data)

    @command(
        summary="Accept a delivery",
        needs=Permission.DELIVERIES_ANSWER,
        response=DeliverySerializer,
        moves_money=True,
    )
    def accept(self, data: dict[str, Any], public_id: str) -> Entitlement:
        """Accept the delivery (buyer). Possible after every file has matched; the trade is then cleared."""
        services.accept_delivery(actor=self.actor, entitlement=public_id)
        return self.get_object()

    @command(
        summary="Open a dispute over a delivery",
        needs=Permission.DELIVERIES_ANSWER,
        request=DisputeInput,
        response=DeliverySerializer,
        example={"reason_code": "incomplete", "text": "December is missing."},
        moves_money=True,
    )
    def dispute(self, data: dict[str, Any], public_id: str) -> Entitlement:
        """Open a dispute (buyer). Possible until acceptance or the end of the inspection period.

        Until it is resolved, access is suspended and the price stays on hold.
        """
        services.dispute_delivery(actor=self.actor, entitlement=public_id, **data)
        return self.get_object()

    @command(
        summary="Suspend access",
        request=SuspensionInput,
        response=DeliverySerializer,
        needs=Permission.DISPUTES_WRITE,
        example={"reason": "The data was seen outside the agreed scope of disclosure."},
    )
    def suspend(self, data: dict[str, Any], public_id: str) -> Entitlement:
        """Suspend access (operator). Running downloads abort."""
        services.suspend_access(actor=self.actor, entitlement=public_id, **data)
        return self.get_object()

    @command(summary="Resume access", needs=Permission.DISPUTES_WRITE, response=DeliverySerializer)
    def resume(self, data: dict[str, Any], public_id: str) -> Entitlement:
        """Resume suspended access (operator). Takes two people."""
        services.resume_access(actor=self.actor, entitlement=public_id)
        return self.get_object()


class VoucherViewSet(MarketReadViewSet[Voucher]):
    """Vouchers of delivery, with the hashes of the file sent and received."""

    reads = Permission.MARKET_READ
    serializer_class = VoucherSerializer
    filterset_class = VoucherFilter
    queryset = Voucher.objects.none()

    def get_queryset(self) -> QuerySet[Voucher]:
        """Vouchers in the caller's scope."""
        return queries.visible_vouchers(self.actor)


class DownloadViewSet(MarketReadViewSet[Download]):
    """Downloads of the caller's deliveries, complete or aborted."""

    reads = Permission.MARKET_READ
    serializer_class = DownloadSerializer
    filterset_class = DownloadFilter
    queryset = Download.objects.none()

    def get_queryset(self) -> QuerySet[Download]:
        """Downloads in the caller's scope."""
        return queries.visible_downloads(self.actor)
