"""Journal entries walked both ways, balances at any moment, and the months that are closed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import HasScope, IsOperator
from marketplace.api.principal import actor_of
from marketplace.api.views import PROBLEMS, MarketReadViewSet, create_command
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.participants.queries import get_organisation

from .. import queries, services
from ..filters import EntryFilter
from ..models import Entry, LedgerPeriod
from ..serializers import (
    BalancesSerializer,
    BehindLineSerializer,
    ClosePeriodSerializer,
    EntrySerializer,
    LedgerPeriodSerializer,
    WalkedEntrySerializer,
)
from ..states import LineKind

AT = OpenApiParameter(
    name="at", type=OpenApiTypes.DATETIME, description="A past moment of business time; now if left out."
)
ORGANISATION = OpenApiParameter(
    name="organisation", type=OpenApiTypes.STR, description="Whose, for the operator; one's own if left out."
)
LINE = OpenApiParameter(
    name="line", type=OpenApiTypes.STR, enum=list(LineKind.values), required=True, description="Which line."
)


class JournalEntryViewSet(MarketReadViewSet[Entry]):
    """Journal entries about the caller's organisation; every one, for the operator."""

    serializer_class = EntrySerializer
    filterset_class = EntryFilter
    queryset = Entry.objects.none()

    def get_queryset(self) -> QuerySet[Entry]:
        """What the caller may see."""
        return queries.visible_entries(self.actor)

    def get_serializer_class(self) -> Any:
        """One entry is shown with its walk."""
        return WalkedEntrySerializer if self.action == "retrieve" else EntrySerializer

    @extend_schema(
        summary="Read the obligations behind a line of a cycle's entry",
        parameters=[LINE],
        responses={200: BehindLineSerializer(many=True), **PROBLEMS},
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def obligations(self, request: Request, **_: Any) -> Response:
        """The obligations that the line sums up, newest first, by pages."""
        entry, line = self.get_object(), request.query_params.get("line", "")
        if line not in LineKind.values:
            known = ", ".join(LineKind.values)
            raise FieldInvalid("line", Label(f"choose one of {known}", f"{known} から選んでください"))
        page = self.paginate_queryset(queries.obligations_behind(entry, line))
        serializer = BehindLineSerializer(page, many=True, context=self.get_serializer_context())
        return self.get_paginated_response(serializer.data)


class BalancesView(APIView):
    """Every balance of a participant with its holds, in one read, at any moment."""

    permission_classes = (HasScope,)

    @extend_schema(
        summary="Read balances, now or as they stood at a moment",
        parameters=[AT, ORGANISATION],
        responses={200: BalancesSerializer, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """By currency and kind of account: available, held, payable, receivable, deposit, claim."""
        actor = actor_of(request)
        wanted = request.query_params.get("organisation") or actor.organisation or ""
        view = get_organisation(wanted)
        actor.require_sight(view.id, kind="organisation", identifier=wanted)
        instant = _instant(request.query_params.get("at"))
        found = (
            queries.balances(view.id)
            if instant is None
            else queries.balances_at(organisation_id=view.id, instant=instant)
        )
        return Response({"organisation": view.public_id, "at": instant, "balances": found})


def _instant(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise FieldInvalid(
            "at",
            Label(
                "write a moment with its zone, 2026-12-08T15:00:00+09:00",
                "時差を付けた日時（2026-12-08T15:00:00+09:00）で指定してください",
            ),
        )
    return instant


class LedgerPeriodViewSet(MarketReadViewSet[LedgerPeriod]):
    """Months whose books are closed (operator)."""

    serializer_class = LedgerPeriodSerializer
    permission_classes = (IsOperator,)
    filterset_fields = ("month",)
    queryset = LedgerPeriod.objects.all()

    @create_command(
        summary="Close the books of a month",
        request=ClosePeriodSerializer,
        response=LedgerPeriodSerializer,
        example={"month": "2026-11-01"},
    )
    def create(self, data: dict[str, Any]) -> LedgerPeriod:
        """Nothing is booked on a day of this month, or of one before it, ever again (operator)."""
        return services.close_ledger_period(actor=self.actor, month=data["month"])
