"""The route of the downloads process: a file of a delivery, to its buyer."""

from __future__ import annotations

from http import HTTPStatus

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from delivery import services
from delivery.ranges import RangeUnsatisfiable, requested_range
from marketplace.api.principal import actor_of
from marketplace.api.problems import problem
from marketplace.api.renderers import AsAddressed
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission

from .content import describing_response, entity_tag, sending_response
from .grants import GrantAuthentication, stated_in

UNSATISFIABLE = Label(
    "The file has {size_bytes} bytes. Ask for a range within it, or for the whole file.",
    "ファイルの大きさは {size_bytes} バイトです。その範囲内を指定するか、全体を要求してください。",
)


@extend_schema(exclude=True)
class ContentView(APIView):
    """Sends a file; described in the API's document as the delivery's ``content``."""

    authentication_classes = (GrantAuthentication,)
    reads = Permission.DELIVERIES_READ
    content_negotiation_class = AsAddressed

    def get(self, request: Request, entitlement: str, distribution: str) -> HttpResponseBase:
        """The file or the part that is asked for; for HEAD, what would be sent."""
        actor, statement = actor_of(request), stated_in(request)
        covered = services.authorise_download(
            actor=actor, entitlement=entitlement, distribution=distribution, statement=statement
        )
        try:
            part = requested_range(
                request.headers.get("Range"),
                only_if=request.headers.get("If-Range"),
                entity_tag=entity_tag(covered),
                size_bytes=covered.size_bytes,
            )
        except RangeUnsatisfiable:
            return self._unsatisfiable(covered.size_bytes)
        if request.method == "HEAD":
            return describing_response(covered, part)
        transmission = services.download(
            actor=actor, entitlement=entitlement, distribution=distribution, part=part, statement=statement
        )
        return sending_response(transmission, part)

    def _unsatisfiable(self, size_bytes: int) -> HttpResponseBase:
        response = problem(
            status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            code="range_not_satisfiable",
            detail=UNSATISFIABLE.fill({"size_bytes": size_bytes}).localized(),
        )
        response["Content-Range"] = f"bytes */{size_bytes}"
        return response
