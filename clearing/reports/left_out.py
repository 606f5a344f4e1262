"""Trades that a cycle left out, with reason and outcome, derived from trades, cycles and evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from marketplace.evidence.queries import records_about_any
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.labels import Label
from marketplace.kernel.waiting import WaitingReason

from ..cycles.models import Cycle
from ..ground.scopes import own_key
from ..trades.models import Obligation, Trade
from ..trades.queries import cycles_of
from ..trades.states import ObligationKind, TradeState
from ..trades.waiting import DISPUTED, WAITS_FOR_MONEY, secured_reason

TRADE_DISPUTED, TRADE_RESUMED = "clearing.trade_disputed", "clearing.trade_resumed"
TRADE_EXPIRED = "clearing.trade_expired"

CLEARED_LATER = Label("in cycle {cycle}", "サイクル {cycle} で清算")
NOT_PAID = Label("not paid for in time", "期限までに入金されませんでした")
REFUNDED_AFTER_DISPUTE = Label("refunded after a dispute", "異議の判断により返金されました")
NOT_COLLECTED = Label("returned: never collected", "取得されなかったため代金を返還しました")
AGREEMENT_ENDED = Label("returned: its agreement ended", "契約の終了により代金を返還しました")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A trade that ``left_by`` left out, its waiting reason at the cut-off, and the later cycle that has it."""

    left_by: Cycle
    trade: Trade
    reason: WaitingReason
    cycle: Cycle | None


def left_out() -> list[dict[str, Any]]:
    """Trades that were open at a cut-off and did not enter the cycle, by cycle and key.

    ``reason`` is their waiting reason at that moment (a Label); ``became`` is the cycle that cleared them since, or
    their state (a Label).
    """
    return _rows(Cycle.objects.filter(closed_at__isnull=False).order_by("currency", "number"))


def left_out_of(cycle: Cycle) -> list[dict[str, Any]]:
    """The trades that were open at the cut-off of ``cycle`` and did not enter it; none before its cut-off."""
    return _rows([cycle] if cycle.closed_at else [])


def _rows(cycles: Iterable[Cycle]) -> list[dict[str, Any]]:
    pairs = [
        (cycle, trade)
        for cycle in cycles
        for trade in trades_left_out(cycle, SYSTEM).order_by("business_key")
    ]
    return [
        {
            "cycle": row.left_by.business_key,
            "business_key": row.trade.business_key,
            "gross_minor": row.trade.gross_minor,
            "currency": row.trade.currency,
            "reason_code": row.reason.code,
            "reason": row.reason.label,
            "became": CLEARED_LATER.fill({"cycle": row.cycle.business_key})
            if row.cycle
            else TradeState(row.trade.state).label,
        }
        for row in explained(pairs)
    ]


def trades_left_out(cycle: Cycle, actor: Actor) -> QuerySet[Trade]:
    """Trades concluded and not ended at the cut-off of ``cycle``, and not in it or an earlier cycle.

    For an open cycle, the trades that it would leave out now. The actor sees its own trades, the operator all.
    """
    moment = _moment(cycle)
    entered = Obligation.objects.filter(
        trade=OuterRef("pk"), kind=ObligationKind.PURCHASE, cycle__number__lte=cycle.number
    )
    candidates = Trade.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=moment),
        ~Exists(entered),
        currency=cycle.currency,
        concluded_at__lte=moment,
    )
    if actor.may_see():
        return candidates
    own = own_key(actor)
    return candidates.filter(Q(buyer_id=own) | Q(seller_id=own))


def explained(pairs: Collection[tuple[Cycle, Trade]]) -> list[LeftOut]:
    """The reason why each cycle left out the trade paired with it, in the given order, in two queries."""
    trades = {trade.pk: trade.public_id for _, trade in pairs}
    cleared_in = cycles_of(trades)
    holds: dict[str, list[Any]] = {}
    for record in records_about_any(trades.values(), kinds=(TRADE_DISPUTED, TRADE_RESUMED)):
        holds.setdefault(record.subject, []).append(record)
    return [
        LeftOut(
            left_by=cycle,
            trade=trade,
            reason=_reason(trade, _moment(cycle), holds.get(trade.public_id, [])),
            cycle=cleared_in.get(trade.pk),
        )
        for cycle, trade in pairs
    ]


def _moment(cycle: Cycle) -> datetime:
    return cycle.closed_at or clock.now()


def _reason(trade: Trade, moment: datetime, holds: list[Any]) -> WaitingReason:
    """The reason why the trade waited at ``moment``; ``holds`` are its holds and ends of holds, oldest first."""
    before = [record.kind for record in holds if record.occurred_at <= moment]
    if before and before[-1] == TRADE_DISPUTED:
        return DISPUTED
    if trade.secured_at is None or trade.secured_at > moment:
        return WAITS_FOR_MONEY
    return secured_reason(trade)


def ended_without_clearing() -> list[dict[str, Any]]:
    """Trades that failed or were refunded, by their keys, with the reason as a Label."""
    trades = list(
        Trade.objects.filter(state__in=(TradeState.FAILED, TradeState.REFUNDED)).order_by("business_key")
    )
    expired = {
        record.subject: record.payload["reason_code"]
        for record in records_about_any([trade.public_id for trade in trades], kinds=(TRADE_EXPIRED,))
    }
    return [
        {
            "business_key": trade.business_key,
            "state": trade.state,
            "gross_minor": trade.gross_minor,
            "currency": trade.currency,
            "reason": _ending(trade, expired.get(trade.public_id)),
        }
        for trade in trades
    ]


def _ending(trade: Trade, expired: str | None) -> Label:
    if trade.state == TradeState.FAILED:
        return NOT_PAID
    if expired is None:
        return REFUNDED_AFTER_DISPUTE
    return NOT_COLLECTED if expired == "not_collected" else AGREEMENT_ENDED
