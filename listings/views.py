"""The API of listings: the public catalogue, and a seller's own listings and versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.pagination import MarketCursorPagination
from marketplace.api.permissions import PUBLIC
from marketplace.api.renderers import AsAddressed, JsonLdRenderer
from marketplace.api.views import PROBLEMS, MarketReadViewSet, command, create_command
from marketplace.kernel import clock
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.permissions import Permission

from . import queries, services
from .catalogue import as_json_ld, catalogue_graph
from .filters import CatalogueFilter, ListingFilter, ListingVersionFilter
from .models import Listing, ListingVersion
from .questions import RightsAnswerSerializer, RightsQuestionSerializer, answer_question
from .serializers import (
    AddVersionSerializer,
    CatalogueEntrySerializer,
    CreateListingSerializer,
    ListingSerializer,
    ListingVersionSerializer,
    ListingWithdrawSerializer,
    ReviseListingSerializer,
)

LISTING_EXAMPLE = {
    "reference": "WEATHER-2026",
    "segment": "environment",
    "title": {"ja": "高松市の日別気象", "en": "Daily weather of Takamatsu"},
    "description": {"ja": "1日1行の観測値。", "en": "Observations, one row per day."},
    "keywords": ["気象", "weather"],
    "source": {"name": "高松市", "url": "https://opendata.example/weather", "licence": "CC BY 4.0"},
    "personal_data_class": "none",
    "update_interval_days": 1,
}

SELLERS_OR_ADMISSION = (Permission.LISTINGS_WRITE, Permission.ADMISSION_WRITE)
GRAPH_LISTINGS_MAX = 20
GRAPH_SECONDS = 30
"""So long a page of the catalogue's document is kept: making it takes about 30 ms for each listing."""
"""Listings on a page of the catalogue in RDF: its graph is made for each request."""


def is_search(rows: QuerySet[Any]) -> bool:
    """Whether the filter has made a search of the catalogue."""
    return "position" in rows.query.annotations


class CataloguePagination(MarketCursorPagination):
    """Pages of the catalogue: newest first, or the most relevant first for a search."""

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        """The order that the filter has set."""
        return ("-position",) if is_search(queryset) else ("-pk",)


class CatalogueViewSet(MarketReadViewSet[Listing]):
    """The catalogue: listings that are for sale, with price and rights of use; public."""

    serializer_class = CatalogueEntrySerializer
    reads = PUBLIC
    pagination_class = CataloguePagination
    filterset_class = CatalogueFilter
    queryset = Listing.objects.none()

    def get_queryset(self) -> QuerySet[Listing]:
        """Listings that are for sale."""
        return queries.catalogue()

    def paginate_queryset(self, queryset: Any) -> Sequence[Any] | None:
        """A page, with the sellers of its listings."""
        if is_search(queryset):
            with queries.searching():
                page = super().paginate_queryset(queryset)
        else:
            page = super().paginate_queryset(queryset)
        queries.attach_sellers(page or ())
        return page

    def get_object(self) -> Listing:
        """One listing, with its seller."""
        row = super().get_object()
        queries.attach_sellers([row])
        return row

    @extend_schema(
        summary="Ask what the offer permits",
        parameters=[RightsQuestionSerializer],
        responses={200: RightsAnswerSerializer, **PROBLEMS},
    )
    @action(detail=True, methods=["get"], url_path="permitted-use", filterset_class=None)
    def permitted_use(self, request: Request, **_: Any) -> Response:
        """Whether a buyer on the published terms may do something: the answer, the rule that decided, and the duties to be met.
        Periods are counted as if the agreement were made now."""
        offer = self.get_object().published_version.offer
        return Response(RightsAnswerSerializer(answer_question(offer.policy, request.query_params)).data)


class CatalogueGraphView(APIView):
    """The catalogue as DCAT-AP 3, with rights (ODRL) and quality (DQV), for harvesting."""

    reads = PUBLIC
    renderer_classes = (JsonLdRenderer,)
    content_negotiation_class = AsAddressed

    @extend_schema(
        summary="The catalogue as DCAT-AP 3 in JSON-LD",
        parameters=[
            OpenApiParameter(
                "after", OpenApiTypes.STR, description="The last listing of the page before this one."
            )
        ],
        responses={(200, "application/ld+json"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request) -> Response:
        """Listings that are for sale, newest first, a page at a time, as they were up to half a minute ago.

        The header `Link` has the address of the next page with `rel="next"` (RFC 8288); the last page has none.
        """
        after = request.query_params.get("after", "")
        key = f"catalogue:{sha256_hex(after.encode())}"
        page: tuple[str, str] | None = caches["documents"].get(key)
        if page is None:
            page = _graph_page(after)
            caches["documents"].set(key, page, GRAPH_SECONDS)
        text, following = page
        response = Response(text)
        if following:
            response["Link"] = f'<{settings.BASE_URL}{request.path}?after={following}>; rel="next"'
        response["Cache-Control"] = f"public, max-age={GRAPH_SECONDS}"
        return response


def _graph_page(after: str) -> tuple[str, str]:
    """A page of the catalogue's document, and the listing that the next page follows, "" for the last page."""
    page, is_followed = queries.catalogue_page(after=after or None, size=GRAPH_LISTINGS_MAX)
    text = as_json_ld(catalogue_graph(page, modified=clock.now()))
    return text, page[-1].public_id if is_followed else ""


def store_uploads(view: ListingViewSet, data: dict[str, Any], public_id: str) -> None:
    """Store and hash the uploaded files of a version, before the command's transaction."""
    files = [
        services.UploadedData(file.name, file.content_type or "application/octet-stream", file.file)
        for file in data["files"]
    ]
    data["files"] = services.store_version_files(
        actor=view.actor, listing=public_id, files=files, offer=data["offer"]
    )


class ListingViewSet(MarketReadViewSet[Listing]):
    """Listings of the caller's organisation, in any state; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = ListingSerializer
    filterset_class = ListingFilter
    queryset = Listing.objects.none()

    def get_queryset(self) -> QuerySet[Listing]:
        """Rows in the caller's scope."""
        return queries.visible_listings(self.actor)

    @create_command(
        summary="Create a listing",
        needs=Permission.LISTINGS_WRITE,
        request=CreateListingSerializer,
        response=ListingSerializer,
        example=LISTING_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> Listing:
        """Create a listing in preparation, with its description."""
        return services.create_listing(actor=self.actor, **data)

    @command(
        summary="Change the description of a listing",
        needs=Permission.LISTINGS_WRITE,
        request=ReviseListingSerializer,
        response=ListingSerializer,
        example={"keywords": ["気象", "降水量", "weather"]},
    )
    def revise(self, data: dict[str, Any], public_id: str) -> Listing:
        """Change parts of the description before the listing is published."""
        return services.revise_listing(actor=self.actor, listing=public_id, **data)

    @command(
        summary="Add a version with files and an offer",
        needs=Permission.LISTINGS_WRITE,
        request=AddVersionSerializer,
        response=ListingVersionSerializer,
        status=201,
        path="versions",
        prepare=store_uploads,
        parser_classes=[MultiPartParser],
    )
    def add_version(self, data: dict[str, Any], public_id: str) -> ListingVersion:
        """Upload the files, with the price and rights of use of their offer."""
        return services.add_stored_version(actor=self.actor, listing=public_id, **data)

    @command(
        summary="Withdraw a listing",
        needs=SELLERS_OR_ADMISSION,
        request=ListingWithdrawSerializer,
        response=ListingSerializer,
        example={"reason": "更新を終了しました。"},
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> Listing:
        """Withdraw the listing permanently. Agreements in force continue."""
        return services.withdraw_listing(actor=self.actor, listing=public_id, **data)

    @command(
        summary="Resume the sale of a suspended listing",
        needs=SELLERS_OR_ADMISSION,
        response=ListingSerializer,
    )
    def resume(self, data: dict[str, Any], public_id: str) -> Listing:
        """Possible after its seller is reinstated."""
        return services.resume_listing(actor=self.actor, listing=public_id)


class ListingVersionViewSet(MarketReadViewSet[ListingVersion]):
    """Versions of the caller's own listings; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = ListingVersionSerializer
    filterset_class = ListingVersionFilter
    queryset = ListingVersion.objects.none()

    def get_queryset(self) -> QuerySet[ListingVersion]:
        """Rows in the caller's scope."""
        return queries.own_versions(self.actor)

    @command(
        summary="Submit a version for publication",
        needs=Permission.LISTINGS_WRITE,
        response=ListingVersionSerializer,
    )
    def submit(self, data: dict[str, Any], public_id: str) -> ListingVersion:
        """The quality is measured next, then the rules decide."""
        return services.submit_version(actor=self.actor, listing_version=public_id)
