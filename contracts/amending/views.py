"""The API of amendments: proposing one, and the versions of an agreement."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.views import PROBLEMS, command
from marketplace.kernel.permissions import Permission

from .. import queries
from ..models import Agreement, Negotiation
from ..serializers import NegotiationSerializer
from .queries import Signed, version_asked
from .serializers import AgreementVersionSerializer, AmendAgreementSerializer
from .services import amend_agreement
from .shown import versions_shown

VERSION = OpenApiParameter(
    name="version",
    type=OpenApiTypes.INT,
    description="The number of the version, the one in force by default; `versions/` has all.",
)


def asked_version(request: Request, agreement: Agreement) -> Signed:
    """The version that is asked for, the one in force without; raises Missing."""
    return version_asked(agreement, request.query_params.get("version"))


class AmendsAgreements:
    """The routes of an agreement about its amendment."""

    actor: Any
    get_object: Any

    @command(
        summary="Propose an amendment of the agreement",
        needs=Permission.NEGOTIATIONS_WRITE,
        request=AmendAgreementSerializer,
        response=NegotiationSerializer,
        status=201,
        example={
            "terms": {"effective_on": "2027-04-01", "rights": {"duration": "P2Y"}},
            "note": "利用期間の延長をお願いします。",
        },
        moves_money=True,
    )
    def amend(self, data: dict[str, Any], public_id: str) -> Negotiation:
        """Propose other terms of an agreement in force, from a day on (a party). It opens a negotiation, which is answered and signed as any:
        the seller first, then the buyer, whose signature makes the next version. What is due by then does not change."""
        made = amend_agreement(actor=self.actor, agreement=public_id, **data)
        return queries.visible_negotiations(self.actor).get(pk=made.pk)

    @extend_schema(
        summary="Read the versions of the agreement",
        responses={200: AgreementVersionSerializer(many=True), **PROBLEMS},
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def versions(self, request: Request, **_: Any) -> Response:
        """Every version, first to last: what was signed, from when it holds, and what it changes against the one before, in words and classed."""
        return Response(AgreementVersionSerializer(versions_shown(self.get_object()), many=True).data)
