"""The API of ends of agreements: what would follow, ending them, and the answers of the other party."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.views import PROBLEMS, MarketReadViewSet, command
from marketplace.kernel.permissions import Permission

from .. import services
from .consequences import digest_of_consequences, words_of
from .models import Ending
from .queries import consequences_shown, party_of, visible_endings
from .serializers import (
    AcceptEndingSerializer,
    EndAgreementSerializer,
    EndByLawSerializer,
    EndingPreviewSerializer,
    EndingQuestionSerializer,
    EndingSerializer,
)

ANSWERING = (Permission.NEGOTIATIONS_SETTLE, Permission.CONTRACTS_SIGN)


class EndsAgreements:
    """The routes of an agreement about its end before its term."""

    actor: Any
    get_object: Any

    @extend_schema(
        summary="Read what ending the agreement would mean",
        parameters=[EndingQuestionSerializer],
        responses={200: EndingPreviewSerializer, **PROBLEMS},
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def ending(self, request: Request, **_: Any) -> Response:
        """Until when access would be open, what would come back with its tax, what must be deleted and what survives, if your organisation
        ended it; and the digest that the command `end/` repeats."""
        agreement = self.get_object()
        asked = EndingQuestionSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        wanted = {"refund": None, **asked.validated_data}
        consequences = consequences_shown(agreement, **wanted, party=party_of(self.actor, agreement))
        preview = {
            "consequences": consequences,
            "words": words_of(consequences),
            "digest": digest_of_consequences(consequences),
        }
        return Response(EndingPreviewSerializer(preview).data)

    @command(
        summary="End the agreement before its term",
        needs=Permission.CONTRACTS_SIGN,
        request=EndAgreementSerializer,
        response=EndingSerializer,
        status=201,
        example={"ground": "mutual", "last_day": "2027-09-30", "refund": "pro_rata", "digest": "0" * 64},
        moves_money=True,
    )
    def end(self, data: dict[str, Any], public_id: str) -> Ending:
        """Propose the end to the other party (`mutual`), or give the notice that the contract allows (`convenience`). Read `ending/`
        first, and repeat its `digest`."""
        return services.end_early(actor=self.actor, agreement=public_id, **data)

    @command(
        summary="End the agreement by law",
        needs=Permission.DISPUTES_WRITE,
        request=EndByLawSerializer,
        response=EndingSerializer,
        status=201,
        path="end-by-law",
        example={
            "last_day": "2027-09-30",
            "digest": "0" * 64,
            "reason": "省令の改正により提供が禁じられた。",
        },
        moves_money=True,
    )
    def end_by_law(self, data: dict[str, Any], public_id: str) -> Ending:
        """Order the end that law requires (two people of the operator without an interest in a party). Read `ending/` with the ground
        `law` first, and repeat its `digest`."""
        return services.end_by_law(actor=self.actor, agreement=public_id, **data)


class EndingViewSet(MarketReadViewSet[Ending]):
    """Ends of the caller's agreements before their term; all, for the operator. End one with the ``end`` command of the agreement."""

    reads = Permission.MARKET_READ
    serializer_class = EndingSerializer
    queryset = Ending.objects.none()
    filterset_fields = ("state", "ground")

    def get_queryset(self) -> QuerySet[Ending]:
        """Rows in the caller's scope."""
        return visible_endings(self.actor)

    @command(
        summary="Accept the end of an agreement",
        needs=Permission.CONTRACTS_SIGN,
        request=AcceptEndingSerializer,
        response=EndingSerializer,
        example={"digest": "0" * 64},
        moves_money=True,
    )
    def accept(self, data: dict[str, Any], public_id: str) -> Ending:
        """Accept what the other party proposed, with the consequences whose `digest` you repeat."""
        return services.accept_ending(actor=self.actor, ending=public_id, **data)

    @command(summary="Refuse the end of an agreement", needs=ANSWERING, response=EndingSerializer)
    def refuse(self, data: dict[str, Any], public_id: str) -> Ending:
        """Refuse what the other party proposed; the agreement goes on."""
        return services.refuse_ending(actor=self.actor, ending=public_id)

    @command(summary="Withdraw the end of an agreement", needs=ANSWERING, response=EndingSerializer)
    def withdraw(self, data: dict[str, Any], public_id: str) -> Ending:
        """Withdraw what your organisation proposed and the other party has not answered."""
        return services.withdraw_ending(actor=self.actor, ending=public_id)
