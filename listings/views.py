"""Listings over HTTP: the catalogue for everybody, and a seller's own listings and versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.pagination import MarketCursorPagination
from marketplace.api.permissions import IsOperator
from marketplace.api.renderers import AsAddressed, JsonLdRenderer
from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel import clock

from . import queries, services
from .catalogue import as_json_ld, catalogue_graph
from .filters import CatalogueFilter, ListingFilter, ListingVersionFilter
from .models import Listing, ListingVersion
from .serializers import (
    AddVersionSerializer,
    CatalogueEntrySerializer,
    CreateListingSerializer,
    DecideVersionSerializer,
    ListingSerializer,
    ListingVersionSerializer,
    ListingWithdrawSerializer,
    ReviseListingSerializer,
)

LISTING_EXAMPLE = {
    "reference": "WEATHER-2026",
    "segment": "environment",
    "title": {"ja": "高松市の日別気象", "en": "Daily weather of Takamatsu"},
    "description": {"ja": "1日1行の観測値。", "en": "Observations, a row a day."},
    "keywords": ["気象", "weather"],
    "source": {"name": "高松市", "url": "https://opendata.example/weather", "licence": "CC BY 4.0"},
    "personal_data_class": "none",
    "update_interval_days": 1,
}


class CataloguePagination(MarketCursorPagination):
    """Pages of the catalogue: newest first, or the most relevant first where words were given."""

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        """The order that the filter has set."""
        return ("-position",) if "position" in queryset.query.annotations else ("-pk",)


class CatalogueViewSet(MarketReadViewSet[Listing]):
    """What is on sale, for everybody: rights and price before any registration."""

    serializer_class = CatalogueEntrySerializer
    permission_classes = (AllowAny,)
    pagination_class = CataloguePagination
    filterset_class = CatalogueFilter
    queryset = Listing.objects.none()

    def get_queryset(self) -> QuerySet[Listing]:
        """Listings on sale."""
        return queries.catalogue()

    def paginate_queryset(self, queryset: Any) -> Sequence[Any] | None:
        """A page, with the sellers of its listings."""
        page = super().paginate_queryset(queryset)
        queries.attach_sellers(page or ())
        return page

    def get_object(self) -> Listing:
        """One listing, with its seller."""
        row = super().get_object()
        queries.attach_sellers([row])
        return row


class CatalogueGraphView(APIView):
    """The catalogue as DCAT-AP 3, with rights (ODRL) and quality (DQV), to harvest."""

    permission_classes = (AllowAny,)
    renderer_classes = (JsonLdRenderer,)
    content_negotiation_class = AsAddressed

    @extend_schema(
        summary="The catalogue as DCAT-AP 3 in JSON-LD",
        responses={(200, "application/ld+json"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request) -> Response:
        """Every listing on sale."""
        return Response(as_json_ld(catalogue_graph(queries.catalogue(), modified=clock.now())))


class ListingViewSet(MarketReadViewSet[Listing]):
    """Listings of the caller's own organisation, in whatever state; every one, for the operator."""

    serializer_class = ListingSerializer
    filterset_class = ListingFilter
    queryset = Listing.objects.none()

    def get_queryset(self) -> QuerySet[Listing]:
        """What the caller may see."""
        return queries.visible_listings(self.actor)

    @create_command(
        summary="Begin a listing",
        request=CreateListingSerializer,
        response=ListingSerializer,
        example=LISTING_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> Listing:
        """Describe data that is to be sold."""
        return services.create_listing(actor=self.actor, **data)

    @command(
        summary="Describe a listing anew before it is published",
        request=ReviseListingSerializer,
        response=ListingSerializer,
        example={"keywords": ["気象", "降水量", "weather"]},
    )
    def revise(self, data: dict[str, Any], public_id: str) -> Listing:
        """Change parts of the description."""
        return services.revise_listing(actor=self.actor, listing=public_id, **data)

    @command(
        summary="Add a version with files and an offer",
        request=AddVersionSerializer,
        response=ListingVersionSerializer,
        status=201,
        path="versions",
        parser_classes=[MultiPartParser],
    )
    def add_version(self, data: dict[str, Any], public_id: str) -> ListingVersion:
        """Upload files and say for what, and under which rights of use, they are sold."""
        files = [
            services.UploadedData(file.name, file.content_type or "application/octet-stream", file.file)
            for file in data["files"]
        ]
        return services.add_version(actor=self.actor, listing=public_id, files=files, offer=data["offer"])

    @command(
        summary="Take a listing from sale for good",
        request=ListingWithdrawSerializer,
        response=ListingSerializer,
        example={"reason": "更新を終了しました。"},
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> Listing:
        """Agreements in force stay."""
        return services.withdraw_listing(actor=self.actor, listing=public_id, **data)

    @command(summary="Bring a suspended listing back on sale", response=ListingSerializer)
    def resume(self, data: dict[str, Any], public_id: str) -> Listing:
        """After its seller was reinstated."""
        return services.resume_listing(actor=self.actor, listing=public_id)


class ListingVersionViewSet(MarketReadViewSet[ListingVersion]):
    """Versions of the caller's own listings; every one, for the operator."""

    serializer_class = ListingVersionSerializer
    filterset_class = ListingVersionFilter
    queryset = ListingVersion.objects.none()

    def get_queryset(self) -> QuerySet[ListingVersion]:
        """What the caller may see."""
        return queries.own_versions(self.actor)

    @command(summary="Ask to publish a version", response=ListingVersionSerializer)
    def submit(self, data: dict[str, Any], public_id: str) -> ListingVersion:
        """It is measured, and then the rules decide."""
        return services.submit_version(actor=self.actor, listing_version=public_id)

    @command(
        summary="Decide over a version on hold",
        request=DecideVersionSerializer,
        response=ListingVersionSerializer,
        permissions=(IsOperator,),
        example={"outcome": "allow", "reason": "出典のライセンスを確認しました。"},
    )
    def decide(self, data: dict[str, Any], public_id: str) -> ListingVersion:
        """Decide what the rules left to a person (operator)."""
        return services.decide_version(actor=self.actor, listing_version=public_id, **data)
