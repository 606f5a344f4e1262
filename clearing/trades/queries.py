"""Reads trades, obligations and charge plans."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from listings.states import Charging
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.calendars import BusinessCalendar
from marketplace.kernel.waiting import Waiting
from marketplace.participants.queries import get_organisation
from marketplace.rules.halt_time import covered_by_halts

from ..cycles.models import Cycle
from ..cycles.queries import Calendars
from ..cycles.states import POSTED_STATES, CycleState
from ..ground.parameters import commissioned_lead_business_days
from ..ground.scopes import own_key
from ..ledger.queries import balances
from ..ledger.states import AccountKind
from .amended import LATEST
from .charge_models import ChargeAmendment, ChargePlan, ChargeProgress, PlannedCharge, PlannedShare
from .guaranteed_models import guaranteed_part
from .limits import ENDED_STATES, Remaining, remaining_of_all
from .models import Obligation, Trade
from .states import ObligationKind, ObligationStage, TradeState
from .supply_models import SupplyStatement
from .waiting import waiting_of_trade


@dataclass(frozen=True, slots=True)
class TradeCounts:
    """Numbers of trades: all ``concluded``; of these ``cleared`` (their cycle is posted), ``held`` by an open dispute,
    ``failed`` without payment, and ``refunded``. The remaining trades are in progress."""

    concluded: int
    cleared: int
    held: int
    failed: int
    refunded: int


def charging_counts() -> dict[str, dict[str, int]]:
    """By kind of charging, without plain prices: how many agreements, how many charges, and what they come to without tax."""
    later = PlannedCharge.objects.filter(
        plan=OuterRef("plan"), charge=OuterRef("charge"), version__gt=OuterRef("version")
    )
    amended = ChargeAmendment.objects.filter(plan=OuterRef("plan")).order_by("-version")
    last = amended.values("charges")[:1]
    rows = (
        PlannedCharge.objects.filter(~Exists(later), charge__lte=Coalesce(Subquery(last), F("charge")))
        .exclude(plan__charging=Charging.ONE_OFF)
        .values("plan__charging")
        .annotate(
            agreements=Count("plan", distinct=True), charges=Count("pk"), total_minor=Sum("price_minor")
        )
        .order_by("plan__charging")
    )
    return {
        row["plan__charging"]: {name: row[name] for name in ("agreements", "charges", "total_minor")}
        for row in rows
    }


def pooled_counts() -> dict[str, int]:
    """Trades behind which a pool stands and that were cleared, how many members beside their sellers have a part of their prices, and how
    much in all, in minor units."""
    shares = Obligation.objects.filter(kind=ObligationKind.SHARE)
    pooled = ChargePlan.objects.filter(agreement=OuterRef("trade__agreement"), pooled=True)
    return shares.filter(Exists(pooled)).aggregate(
        trades=Count("trade", distinct=True),
        members=Count("creditor", distinct=True),
        members_minor=Sum("amount_minor", default=0),
    )


def trade_counts() -> TradeCounts:
    """Counts over the whole market."""
    figures = Trade.objects.aggregate(
        concluded=Count("pk"),
        cleared=Count("pk", filter=is_cleared()),
        held=Count("pk", filter=Q(state=TradeState.DISPUTED)),
        failed=Count("pk", filter=Q(state=TradeState.FAILED)),
        refunded=Count("pk", filter=Q(state=TradeState.REFUNDED)),
    )
    return TradeCounts(**figures)


def with_clearing(trades: QuerySet[Trade]) -> QuerySet[Trade]:
    """Trades with ``cleared``, whether the cycle of their price is posted, and with their guaranteed parts.

    Derived, never stored.
    """
    return trades.select_related("guaranteed__guarantee").annotate(cleared=is_cleared())


def is_cleared() -> Exists:
    """The condition of ``cleared``, for a query of trades."""
    return Exists(
        Obligation.objects.filter(
            trade=OuterRef("pk"), kind=ObligationKind.PURCHASE, cycle__state__in=POSTED_STATES
        )
    )


def visible_trades(actor: Actor) -> QuerySet[Trade]:
    """Trades of which the actor's organisation is a party; all trades for the operator."""
    trades = with_clearing(Trade.objects.all())
    if actor.may_see():
        return trades
    own = own_key(actor)
    return trades.filter(Q(buyer_id=own) | Q(seller_id=own))


def visible_supply_statements(actor: Actor) -> QuerySet[SupplyStatement]:
    """Statements of the actor's organisation on what it supplies; all statements for the operator."""
    rows = SupplyStatement.objects.all()
    return rows if actor.may_see() else rows.filter(organisation_id=own_key(actor))


def cycles_of(trades: Collection[int]) -> dict[int, Cycle]:
    """The cycle that clears each trade, by the keys of trades, in one query; a trade that is not accepted has none."""
    rows = Obligation.objects.filter(
        trade__in=trades, kind=ObligationKind.PURCHASE, deferred_from=None
    ).select_related("cycle")
    return {row.trade_id: row.cycle for row in rows}


class TradeReadings:
    """The cycles and the calendar of trades, and what remains of them, read once for all of them."""

    def __init__(self, trades: Collection[Trade]) -> None:
        """Read the cycles of ``trades``; it answers for these trades only."""
        self.trades = {trade.pk for trade in trades}
        accepted = [trade.pk for trade in trades if trade.state == TradeState.ACCEPTED]
        self.cycles = cycles_of(accepted) if accepted else {}
        running = [trade for trade in trades if trade.state not in ENDED_STATES]
        self._remaining = remaining_of_all(running) if running else {}

    def remaining(self, trade: Trade) -> Remaining | None:
        """What remains of ``trade`` to give back or charge; None if it failed or was refunded."""
        return self._remaining.get(trade.pk)

    @cached_property
    def _cut_offs(self) -> dict[int, datetime | None]:
        """The moment at which each open cycle is cut off, by the key of the cycle."""
        calendars, now = Calendars(), clock.now()
        distinct = {cycle.pk: cycle for cycle in self.cycles.values()}
        return {key: calendars.cut_off_of(cycle, now=now) for key, cycle in distinct.items()}

    def waiting(self, trade: Trade) -> Waiting | None:
        """The reason why ``trade`` waits; None if it is cleared or ended."""
        cycle = self.cycles.get(trade.pk)
        cut_off_at = self._cut_offs[cycle.pk] if cycle and cycle.state == CycleState.OPEN else None
        return waiting_of_trade(trade, cycle=cycle, cut_off_at=cut_off_at, part=guaranteed_part(trade))


def overdue_count() -> int:
    """Number of waiting trades whose funding deadline has passed; it does not run while trading is halted."""
    due = Trade.objects.filter(state=TradeState.CONCLUDED, fund_by__lte=clock.now())
    return due.exclude(covered_by_halts()).count()


def adjustment_count() -> int:
    """Number of adjustments that were made obligations."""
    return Obligation.objects.filter(
        kind=ObligationKind.ADJUSTMENT, reverses=None, deferred_from=None
    ).count()


def funds_needed(*, organisation: str, currency: str) -> int:
    """Minor units that a buyer must still pay in to secure all its waiting trades. Raises Missing."""
    buyer = get_organisation(organisation)
    waiting = Trade.objects.filter(buyer_id=buyer.id, currency=currency, state=TradeState.CONCLUDED)
    needed = waiting.aggregate(total=Sum("gross_minor"))["total"] or 0
    own = balances(buyer.id).get(currency, {})
    return max(needed - own.get(AccountKind.AVAILABLE, 0), 0)


def commissioned_trades_due(*, limit: int) -> list[str]:
    """Trades that must be accepted now to be paid by their last payment day, earliest day first.

    That is ``commissioned_lead_business_days`` business days before it.
    """
    last_day = BusinessCalendar().add_business_days(clock.today(), commissioned_lead_business_days())
    # Closed days that follow share the lead: payments of those days are made on the business day before.
    last_day = BusinessCalendar().roll_forward(last_day + timedelta(days=1)) - timedelta(days=1)
    due = Trade.objects.filter(
        state__in=(TradeState.SECURED, TradeState.DISPUTED), commissioned=True, pay_by__lte=last_day
    )
    return list(due.order_by("pay_by", "pk").values_list("public_id", flat=True)[:limit])


CHUNK = 200

PERIOD_OVER = "least(c.period_until, CASE WHEN g.ended_at IS NOT NULL THEN g.stops_after + 1 END)"
"""In SQL, the day on which a planned period ``c`` is over: as planned, or once an agreement has ended early, after its last day."""
_ENDED_PERIODS = f"""
    SELECT t.agreement, t.charge
      FROM clearing_trade t
      JOIN clearing_chargeplan p ON p.agreement = t.agreement
      JOIN clearing_plannedcharge c ON c.plan_id = p.id AND c.charge = t.charge AND {LATEST}
      JOIN clearing_chargeprogress g ON g.plan_id = p.id
     WHERE t.state = 'secured' AND t.charging IN ('subscription', 'metered')
       AND g.delivered_at IS NOT NULL AND g.dispute IS NULL
       AND NOT EXISTS (SELECT FROM clearing_guaranteedpart b
                        WHERE b.trade_id = t.id AND b.billed_at IS NOT NULL)
       AND {PERIOD_OVER} <= CASE t.charging WHEN 'metered' THEN %s ELSE %s END
     ORDER BY {PERIOD_OVER}, t.id LIMIT %s
"""  # noqa: S608  our own words


def ended_periods(*, until: date, metered_until: date, limit: int) -> list[tuple[str, int]]:
    """Agreement and number of secured, delivered periods that ended by a day (``PERIOD_OVER``), oldest first.

    Excludes periods in dispute, periods of agreements whose delivery was never accepted, and those whose buyer was billed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ENDED_PERIODS, [metered_until, until, limit])
        return [(agreement, charge) for agreement, charge in cursor.fetchall()]


_COLLECTABLE = """
    SELECT t.public_id
      FROM clearing_guaranteedpart p
      JOIN clearing_guarantee g ON g.id = p.guarantee_id
      JOIN clearing_trade t ON t.id = p.trade_id AND t.state = 'secured'
     WHERE p.billed_at IS NOT NULL AND p.paid_at IS NULL AND p.released_at IS NULL
       AND EXISTS (
        SELECT FROM clearing_account a JOIN clearing_balance b ON b.account_id = a.id
         WHERE a.organisation_id = g.organisation_id AND a.currency = g.currency
           AND (a.kind = 'available' OR a.kind = 'deposit' AND g.kind = 'deposit_limit' AND p.due_on <= %s)
           AND -b.balance_minor >= p.amount_minor)
     ORDER BY p.due_on, p.id LIMIT %s
"""


def collectable_trades(*, limit: int) -> list[str]:
    """Trades whose billed part the buyer's money covers, or the deposit behind it on its due day; earliest due day first."""
    with connection.cursor() as cursor:
        cursor.execute(_COLLECTABLE, [clock.today(), limit])
        return [trade for (trade,) in cursor.fetchall()]


def agreements_due(today: date) -> Iterator[str]:
    """Agreements whose next charge is due by ``today``, longest due first; read in chunks."""
    due = ChargeProgress.objects.filter(
        Q(stops_after=None) | Q(stops_after__gte=F("next_due_on")),
        next_due_on__lte=today,
        ended_at=None,
        dispute=None,
    )
    rows = due.order_by("next_due_on", "pk").values_list("next_due_on", "pk", "plan__agreement")
    after: tuple[date | None, int] | None = None
    while True:
        later = rows if after is None else rows.filter(_due_after(*after))
        chunk = list(later[:CHUNK])
        yield from (agreement for _, _, agreement in chunk)
        if len(chunk) < CHUNK:
            return
        after = (chunk[-1][0], chunk[-1][1])


def _due_after(day: date | None, key: int) -> Q:
    return Q(next_due_on__gt=day) | Q(next_due_on=day, pk__gt=key)


def visible_obligations(actor: Actor) -> QuerySet[Obligation]:
    """Obligations that the actor's organisation owes or is owed; all obligations for the operator.

    They are found through the organisation's trades and shares: obligations, the longest table, have no index by party.
    """
    rows = Obligation.objects.select_related("trade", "cycle")
    if actor.may_see():
        return rows
    own = own_key(actor)
    shared = PlannedShare.objects.filter(organisation_id=own).values("plan__agreement")
    trades = (
        Trade.objects.filter(buyer_id=own)
        .values("pk")
        .union(
            Trade.objects.filter(seller_id=own).values("pk"),
            Trade.objects.filter(agreement__in=shared).values("pk"),
        )
    )
    return rows.filter(Q(debtor_id=own) | Q(creditor_id=own), trade__in=trades)


def stage_of(obligation: Obligation) -> ObligationStage:
    """The legal stage of an obligation, from the moments of its cycle.

    A gross claim between the parties until its cycle is netted; from then on (``Cycle.netted_at``) taken over by the
    operator, the debtor released; discharged when the cycle is settled, because then its creditor has been paid. A buyer
    has performed earlier: what it owes was secured, and is captured when the cycle is posted. In a cycle that is settled
    in part it stays taken over until the cycle is settled.
    """
    if obligation.cycle.netted_at is None:
        return ObligationStage.GROSS
    if obligation.cycle.state == CycleState.SETTLED:
        return ObligationStage.DISCHARGED
    return ObligationStage.TAKEN_OVER
