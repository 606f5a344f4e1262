"""Routes of the ledger: accounts, postings, balances, trial balance, journal, closed months, funds regimes."""

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

from marketplace.api.permissions import PUBLIC, MayCall
from marketplace.api.principal import actor_of
from marketplace.api.renderers import AsAddressed, CsvRenderer
from marketplace.api.views import PROBLEMS, MarketReadViewSet
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.participants.queries import get_organisation

from .filters import PostingFilter
from .models import Account, FundsRegime, LedgerPeriod, Posting
from .queries import (
    balances,
    balances_at,
    client_money,
    journal_csv,
    trial_balance,
    visible_accounts,
    visible_postings,
    visible_regimes,
)
from .serializers import (
    AccountSerializer,
    BalancesAtSerializer,
    BalancesSerializer,
    ClientMoneySerializer,
    FundsRegimeSerializer,
    LedgerPeriodSerializer,
    PostingSerializer,
    TrialBalanceSerializer,
)

CURRENCY = OpenApiParameter(name="currency", type=OpenApiTypes.STR, description="Currency; default JPY.")
FIRST = OpenApiParameter(
    name="first", type=OpenApiTypes.DATE, description="First business day; default today."
)
LAST = OpenApiParameter(name="last", type=OpenApiTypes.DATE, description="Last business day; default today.")


class AccountViewSet(MarketReadViewSet[Account]):
    """Accounts of the caller's organisation with their balances; all accounts for the operator."""

    serializer_class = AccountSerializer
    reads = (Permission.MONEY_READ, Permission.CLEARING_READ)
    filterset_fields = ("kind", "currency")
    queryset = Account.objects.none()

    def get_queryset(self) -> QuerySet[Account]:
        """Accounts that the caller may see."""
        return visible_accounts(self.actor)


class PostingViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Posting]):
    """Postings on the accounts of the caller's organisation, newest first; all postings for the operator."""

    serializer_class = PostingSerializer
    filterset_class = PostingFilter
    permission_classes = (MayCall,)
    reads = (Permission.MONEY_READ, Permission.CLEARING_READ)
    queryset = Posting.objects.none()

    def get_queryset(self) -> QuerySet[Posting]:
        """Postings that the caller may see."""
        if getattr(self, "swagger_fake_view", False):
            return Posting.objects.none()
        return visible_postings(actor_of(self.request))


class TrialBalanceView(APIView):
    """The trial balance, for the operator."""

    permission_classes = (MayCall,)
    reads = Permission.CLEARING_READ

    @extend_schema(
        summary="Read the trial balance",
        parameters=[CURRENCY],
        responses={200: TrialBalanceSerializer(many=True), **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """Debits, credits and balance by kind of account."""
        rows = trial_balance(request.query_params.get("currency", "JPY"))
        return Response(TrialBalanceSerializer(rows, many=True).data)


class ClientMoneyView(APIView):
    """The segregation check, for the operator."""

    permission_classes = (MayCall,)
    reads = Permission.CLEARING_READ

    @extend_schema(
        summary="Check that client money equals what is owed",
        parameters=[CURRENCY],
        responses={200: ClientMoneySerializer, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """Balance of the client account, and the parts of participants and operator."""
        currency = request.query_params.get("currency", "JPY")
        return Response({"currency": currency, **asdict(client_money(currency))})


class JournalView(APIView):
    """The journal as CSV, for the operator."""

    permission_classes = (MayCall,)
    reads = Permission.CLEARING_READ
    renderer_classes = (CsvRenderer,)
    content_negotiation_class = AsAddressed

    @extend_schema(
        summary="Download the journal",
        parameters=[FIRST, LAST],
        responses={(200, "text/csv"): OpenApiTypes.STR, **PROBLEMS},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """All postings of the business days, in the order of entries."""
        first, last = (_day(request, name) for name in ("first", "last"))
        return StreamingHttpResponse(
            journal_csv(first=first, last=last),
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


class FundsRegimeReadViewSet(MarketReadViewSet[FundsRegime]):
    """Rights by which the market holds participants' money: past, present and announced; ``settlement`` adds the command."""

    serializer_class = FundsRegimeSerializer
    reads = PUBLIC
    filterset_fields = ("currency", "regime")
    queryset = FundsRegime.objects.all()

    def get_queryset(self) -> QuerySet[FundsRegime]:
        """All declarations."""
        return visible_regimes()


ORGANISATION = OpenApiParameter(
    name="organisation",
    type=OpenApiTypes.STR,
    description="Organisation to read, for the operator; default the caller's.",
)


class BalancesView(APIView):
    """All balances of a participant, now or at a past moment."""

    permission_classes = (MayCall,)
    reads = (Permission.MONEY_READ, Permission.CLEARING_READ)

    @extend_schema(
        summary="Read balances, now or at a past moment",
        parameters=[BalancesAtSerializer, ORGANISATION],
        responses={200: BalancesSerializer, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """Amounts by currency and kind of account: available, held, payable, receivable, deposit, claim."""
        actor = actor_of(request)
        wanted = request.query_params.get("organisation") or actor.organisation or ""
        view = get_organisation(wanted)
        actor.require_scope(view.id, kind="organisation", identifier=wanted)
        asked = BalancesAtSerializer(data={"at": request.query_params.get("at") or None})
        asked.is_valid(raise_exception=True)
        instant = asked.validated_data["at"]
        found = (
            balances(view.id) if instant is None else balances_at(organisation_id=view.id, instant=instant)
        )
        return Response({"organisation": view.public_id, "at": instant, "balances": found})


class LedgerPeriodReadViewSet(MarketReadViewSet[LedgerPeriod]):
    """Closed months (operator); ``statements`` adds the command that closes one."""

    serializer_class = LedgerPeriodSerializer
    reads = Permission.CLEARING_READ
    filterset_fields = ("month",)
    queryset = LedgerPeriod.objects.all()
