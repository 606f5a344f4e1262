"""Locks trades, moves their holds, and records their evidence."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q

from marketplace.evidence.services import record
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing

from ...ledger.accounts import accounts_of
from ...ledger.journal import Draft, Line, post
from ...ledger.states import AccountKind, EntryKind, LineKind
from ..models import Trade
from ..states import TradeState


def locked_trade(**lookup: Any) -> Trade:
    """The trade, locked until the transaction ends; raises Missing."""
    trade = Trade.objects.select_for_update(no_key=True).filter(**lookup).first()
    if trade is None:
        raise Missing(kind="trade", identifier=next(iter(lookup.values())))
    return trade


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
    return list(
        Trade.objects.select_for_update(no_key=True)
        .filter(buyer_id__in=organisation_ids, currency=currency, state=TradeState.CONCLUDED)
        .order_by("pk")
    )


def make_hold(trade: Trade) -> None:
    """Move the gross of a trade from available to held; raises InsufficientFunds and moves nothing."""
    if not trade.gross_minor:
        return
    accounts = accounts_of(trade.buyer_id, trade.currency)
    available, held = accounts[AccountKind.AVAILABLE], accounts[AccountKind.HELD]
    _post(EntryKind.HOLD, trade, Line(LineKind.HOLD, available, held, trade.gross_minor, trade.pk))


def capture_hold(trade: Trade) -> None:
    """End the hold of an accepted trade: the captured part becomes payable, the unused part available again."""
    captured_minor = (trade.captured_price_minor or 0) + (trade.captured_tax_minor or 0)
    unused_minor = trade.gross_minor - captured_minor
    if not captured_minor:
        return_hold(trade)
        return
    accounts = accounts_of(trade.buyer_id, trade.currency)
    held = accounts[AccountKind.HELD]
    lines = [Line(LineKind.UNHOLD, held, accounts[AccountKind.PAYABLE], captured_minor, trade.pk)]
    if unused_minor:
        lines.append(Line(LineKind.UNUSED, held, accounts[AccountKind.AVAILABLE], unused_minor, trade.pk))
    _post(EntryKind.CAPTURE, trade, *lines)


def return_hold(trade: Trade) -> None:
    """Return the hold of a trade that was not accepted: all of it becomes available to the buyer again."""
    if not trade.gross_minor:
        return
    accounts = accounts_of(trade.buyer_id, trade.currency)
    held, available = accounts[AccountKind.HELD], accounts[AccountKind.AVAILABLE]
    _post(EntryKind.RETURN, trade, Line(LineKind.UNHOLD, held, available, trade.gross_minor, trade.pk))


def _post(kind: str, trade: Trade, *lines: Line) -> None:
    draft = Draft(
        kind=kind,
        reference=f"{kind}:{trade.public_id}",
        lines=lines,
        trade_id=trade.pk,
        organisation_id=trade.buyer_id,
        description=trade.business_key[:200],
    )
    post([draft], currency=trade.currency, purpose=trade.public_id)


def record_trade(what: str, trade: Trade, actor: Actor, **payload: Any) -> None:
    """Record ``clearing.trade_<what>`` about a trade as evidence."""
    record(
        kind=f"clearing.trade_{what}",
        subject=trade.public_id,
        actor=actor,
        payload={"agreement": trade.agreement, **payload},
    )
