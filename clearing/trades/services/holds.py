"""Locks trades, moves their holds, and records their evidence."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q

from marketplace.evidence.services import Fact, record_all
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing

from ...ledger.errors import InsufficientFunds
from ...ledger.journal import Move, move_within
from ...ledger.states import AccountKind, EntryKind, LineKind
from ..charge_models import ChargeProgress
from ..models import Trade
from ..states import TradeState
from .charge_plans import locked_progress

_PLAIN = """
    SELECT * FROM clearing_trade t
     WHERE NOT EXISTS (SELECT FROM clearing_chargeplan WHERE agreement = %(agreement)s) AND {condition}
     ORDER BY t.id FOR NO KEY UPDATE
"""
_WAITING = f"""
    SELECT * FROM clearing_trade
     WHERE buyer_id = ANY(%s::bigint[]) AND currency = %s AND state = '{TradeState.CONCLUDED}'
     ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608  our own words
_OF_AGREEMENT = "t.agreement = %(agreement)s"
_OR_WAITING = f"""
    ({_OF_AGREEMENT} OR t.state = '{TradeState.CONCLUDED}'
        AND t.buyer_id = (SELECT buyer_id FROM clearing_trade WHERE agreement = %(agreement)s AND charge = 1)
        AND t.currency = (SELECT currency FROM clearing_trade WHERE agreement = %(agreement)s AND charge = 1))
"""  # noqa: S608  our own words


def locked_trade(**lookup: Any) -> Trade:
    """The trade, locked until the transaction ends; raises Missing."""
    trade = Trade.objects.select_for_update(no_key=True).filter(**lookup).first()
    if trade is None:
        raise Missing(kind="trade", identifier=next(iter(lookup.values())))
    return trade


def locked_agreement(
    agreement: str, *, with_waiting: bool = False
) -> tuple[ChargeProgress | None, list[Trade]]:
    """The progress of an agreement's charging and its trades by charge, locked; raises Missing.

    ``with_waiting`` locks its buyer's waiting trades too, as ``locked_with_waiting``. A plain price has no progress and one
    trade, and is locked in one statement. Otherwise the progress is locked first and the trades in a later statement, which
    sees the charges that were made while it waited.
    """
    condition = _OR_WAITING if with_waiting else _OF_AGREEMENT
    rows = Trade.objects.raw(_PLAIN.format(condition=condition), {"agreement": agreement})
    if plain := [row for row in rows if row.agreement == agreement]:
        return None, plain
    progress = locked_progress(agreement)
    return progress, locked_with_waiting(agreement) if with_waiting else locked_trades(agreement)


def locked_trades(agreement: str) -> list[Trade]:
    """All trades of an agreement by charge, locked in key order; raises Missing if there are none."""
    return _of_agreement(agreement, Q(agreement=agreement))


def locked_with_waiting(agreement: str) -> list[Trade]:
    """All trades of an agreement by charge, locked together with its buyer's waiting trades; raises Missing.

    For services that return holds and then secure waiting trades. One statement locks all in key order; this prevents
    deadlock.
    """
    known = Trade.objects.filter(agreement=agreement).order_by("charge").first()
    if known is None:
        raise Missing(kind="trade", identifier=agreement)
    waiting = Q(buyer_id=known.buyer_id, currency=known.currency, state=TradeState.CONCLUDED)
    return _of_agreement(agreement, Q(agreement=agreement) | waiting)


def _of_agreement(agreement: str, condition: Q) -> list[Trade]:
    rows = list(Trade.objects.select_for_update(no_key=True).filter(condition).order_by("pk"))
    trades = sorted((row for row in rows if row.agreement == agreement), key=lambda trade: trade.charge)
    if not trades:
        raise Missing(kind="trade", identifier=agreement)
    return trades


def lock_waiting_trades(organisation_ids: Collection[int], currency: str) -> list[Trade]:
    """The waiting trades of buyers, locked in key order.

    Lock order: trades before balances; prevents deadlock. A service that moves a buyer's money and then secures its
    trades calls this first.
    """
    return list(Trade.objects.raw(_WAITING, [list(organisation_ids), currency]))


def make_hold(trade: Trade) -> bool:
    """Move the gross of a trade from available to held; False, with nothing moved, if the money is not enough."""
    move = Move(LineKind.HOLD, AccountKind.AVAILABLE, AccountKind.HELD, trade.gross_minor)
    return not trade.gross_minor or _move(EntryKind.HOLD, trade, move)


def capture_hold(trade: Trade) -> None:
    """End the hold of an accepted trade: the captured part becomes payable, the unused part available again."""
    captured_minor = (trade.captured_price_minor or 0) + (trade.captured_tax_minor or 0)
    unused_minor = trade.gross_minor - captured_minor
    if not captured_minor:
        return_hold(trade)
        return
    moves = [Move(LineKind.UNHOLD, AccountKind.HELD, AccountKind.PAYABLE, captured_minor)]
    if unused_minor:
        moves.append(Move(LineKind.UNUSED, AccountKind.HELD, AccountKind.AVAILABLE, unused_minor))
    _end_hold(EntryKind.CAPTURE, trade, *moves)


def return_hold(trade: Trade) -> None:
    """Return the hold of a trade that was not accepted: all of it becomes available to the buyer again."""
    if trade.gross_minor:
        move = Move(LineKind.UNHOLD, AccountKind.HELD, AccountKind.AVAILABLE, trade.gross_minor)
        _end_hold(EntryKind.RETURN, trade, move)


def _end_hold(kind: str, trade: Trade, *moves: Move) -> None:
    """Post the end of a hold; raises InsufficientFunds if less is on hold."""
    if not _move(kind, trade, *moves):
        raise InsufficientFunds(reference=trade.public_id)


def _move(kind: str, trade: Trade, *moves: Move) -> bool:
    return move_within(
        trade.buyer_id,
        moves,
        currency=trade.currency,
        kind=kind,
        reference=f"{kind}:{trade.public_id}",
        description=trade.business_key[:200],
        trade_id=trade.pk,
    )


def record_trade(what: str, trade: Trade, actor: Actor, **payload: Any) -> None:
    """Record ``clearing.trade_<what>`` about a trade as evidence."""
    record_all([fact_of(what, trade, actor, **payload)])


def fact_of(what: str, trade: Trade, actor: Actor, **payload: Any) -> Fact:
    """The fact ``clearing.trade_<what>`` about a trade, for a service that records several at once."""
    return Fact(f"clearing.trade_{what}", trade.public_id, actor, {"agreement": trade.agreement, **payload})
