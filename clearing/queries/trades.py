"""Reading trades."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing
from marketplace.participants.queries import get_organisation

from ..models import Obligation, Trade
from ..states import POSTED_STATES, AccountKind, ObligationKind, TradeState
from .ledger import balances
from .sight import own_key


@dataclass(frozen=True, slots=True)
class TradeCounts:
    """How many trades were ever ``concluded``; of these ``cleared`` (their cycle is posted), ``held`` by an open
    complaint, ``failed`` for want of money, and ``refunded``. The rest is on its way."""

    concluded: int
    cleared: int
    held: int
    failed: int
    refunded: int


def trade_counts() -> TradeCounts:
    """The counts over the whole market."""
    figures = Trade.objects.aggregate(
        concluded=Count("pk"),
        cleared=Count("pk", filter=is_cleared()),
        held=Count("pk", filter=Q(state=TradeState.DISPUTED)),
        failed=Count("pk", filter=Q(state=TradeState.FAILED)),
        refunded=Count("pk", filter=Q(state=TradeState.REFUNDED)),
    )
    return TradeCounts(**figures)


def with_clearing(trades: QuerySet[Trade]) -> QuerySet[Trade]:
    """Trades with ``cleared``: whether the cycle of their price is posted. It is derived, never stored."""
    return trades.annotate(cleared=is_cleared())


def is_cleared() -> Exists:
    """The condition itself, on a query of trades."""
    return Exists(
        Obligation.objects.filter(
            trade=OuterRef("pk"), kind=ObligationKind.PURCHASE, cycle__state__in=POSTED_STATES
        )
    )


def visible_trades(actor: Actor) -> QuerySet[Trade]:
    """Trades that the actor is party to; every one, for the operator."""
    trades = with_clearing(Trade.objects.all())
    if actor.may_see():
        return trades
    own = own_key(actor)
    return trades.filter(Q(buyer_id=own) | Q(seller_id=own))


def trade_of(agreement: str) -> Trade:
    """The trade of an agreement; raises Missing."""
    trade = with_clearing(Trade.objects.all()).filter(agreement=agreement).order_by("charge").first()
    if trade is None:
        raise Missing(kind="trade", identifier=agreement)
    return trade


def overdue_count() -> int:
    """Trades whose time to be paid has passed and that nobody has ended yet."""
    return Trade.objects.filter(state=TradeState.CONCLUDED, fund_by__lte=clock.now()).count()


def adjustment_count() -> int:
    """Corrections in money that were made obligations."""
    return Obligation.objects.filter(kind=ObligationKind.ADJUSTMENT, reverses=None, carried_from=None).count()


def funds_needed(*, organisation: str, currency: str) -> int:
    """Minor units that a buyer must still pay in so that all its waiting trades can be secured. Raises Missing."""
    buyer = get_organisation(organisation)
    waiting = Trade.objects.filter(buyer_id=buyer.id, currency=currency, state=TradeState.CONCLUDED)
    needed = waiting.aggregate(total=Sum("gross_minor"))["total"] or 0
    own = balances(buyer.id).get(currency, {})
    return max(needed - own.get(AccountKind.AVAILABLE, 0), 0)
