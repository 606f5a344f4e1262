"""Accounts and movements of a participant; the books, for the operator."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import HasScope, IsOperator
from marketplace.api.principal import actor_of
from marketplace.api.renderers import AsAddressed, CsvRenderer
from marketplace.api.views import PROBLEMS, MarketReadViewSet
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label

from .. import queries
from ..filters import StatementLineFilter
from ..models import Account, Posting
from ..serializers import (
    AccountSerializer,
    ClientMoneySerializer,
    DepositReferenceSerializer,
    StatementLineSerializer,
    TrialBalanceSerializer,
)

CURRENCY = OpenApiParameter(name="currency", type=OpenApiTypes.STR, description="JPY unless said otherwise.")
FIRST = OpenApiParameter(
    name="first", type=OpenApiTypes.DATE, description="First business day; today if left out."
)
LAST = OpenApiParameter(
    name="last", type=OpenApiTypes.DATE, description="Last business day; today if left out."
)


class AccountViewSet(MarketReadViewSet[Account]):
    """Accounts of the caller's organisation with their balances; every one, for the operator."""

    serializer_class = AccountSerializer
    filterset_fields = ("kind", "currency")
    queryset = Account.objects.none()

    def get_queryset(self) -> QuerySet[Account]:
        """What the caller may see."""
        return queries.visible_accounts(self.actor)


class StatementLineViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Posting]):
    """Movements on the accounts of the caller's organisation, newest first; on every account, for the operator."""

    serializer_class = StatementLineSerializer
    filterset_class = StatementLineFilter
    permission_classes = (HasScope,)
    queryset = Posting.objects.none()

    def get_queryset(self) -> QuerySet[Posting]:
        """What the caller may see."""
        if getattr(self, "swagger_fake_view", False):
            return Posting.objects.none()
        return queries.statement_lines(actor_of(self.request))


class DepositReferenceView(APIView):
    """Under which reference the caller pays in."""

    permission_classes = (HasScope,)

    @extend_schema(
        summary="Read the reference to pay in under", responses={200: DepositReferenceSerializer, **PROBLEMS}
    )
    def get(self, request: Request) -> Response:
        """The reference that the caller's organisation states in the remittance text."""
        actor = actor_of(request)
        if actor.organisation is None:
            raise Missing(kind="organisation", identifier=actor.identifier)
        reference = queries.deposit_reference(organisation=actor.organisation)
        return Response({"organisation": actor.organisation, "reference": reference})


class TrialBalanceView(APIView):
    """The trial balance, for the operator."""

    permission_classes = (IsOperator,)

    @extend_schema(
        summary="Read the trial balance",
        parameters=[CURRENCY],
        responses={200: TrialBalanceSerializer(many=True), **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """Debits, credits and balance by kind of account."""
        rows = queries.trial_balance(request.query_params.get("currency", "JPY"))
        return Response(TrialBalanceSerializer(rows, many=True).data)


class ClientMoneyView(APIView):
    """The daily segregation check, for the operator."""

    permission_classes = (IsOperator,)

    @extend_schema(
        summary="Check that client money is what is owed to clients",
        parameters=[CURRENCY],
        responses={200: ClientMoneySerializer, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """What stands on the client account, and whose it is."""
        currency = request.query_params.get("currency", "JPY")
        return Response({"currency": currency, **asdict(queries.client_money(currency))})


class JournalView(APIView):
    """The journal as CSV, for the operator."""

    permission_classes = (IsOperator,)
    renderer_classes = (CsvRenderer,)
    content_negotiation_class = AsAddressed

    @extend_schema(
        summary="Download the journal",
        parameters=[FIRST, LAST],
        responses={(200, "text/csv"): OpenApiTypes.STR, **PROBLEMS},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Every posting of the business days, in the order of booking."""
        first, last = (_day(request, name) for name in ("first", "last"))
        return StreamingHttpResponse(
            queries.journal_csv(first=first, last=last),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="journal-{first}-{last}.csv"'},
        )


def _day(request: Request, name: str) -> date:
    text: Any = request.query_params.get(name)
    if not text:
        return clock.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FieldInvalid(
            name, Label("write a date as YYYY-MM-DD", "YYYY-MM-DDの日付で指定してください")
        ) from None
