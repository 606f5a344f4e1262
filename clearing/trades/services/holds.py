"""What every service on trades needs: taking hold of them, moving their money, and leaving evidence."""

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
    """Every trade of an agreement, locked in key order, by its charge; raises Missing where there is none."""
    return _of_agreement(agreement, Q(agreement=agreement))


def locked_with_waiting(agreement: str) -> list[Trade]:
    """Every trade of an agreement, locked together with its buyer's waiting trades, by its charge; raises Missing.

    For who gives money back and then secures what waits for it: all are locked in key order in one statement, so
    that two of them never wait for each other.
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

    Whoever moves money of a buyer and then secures its trades locks the trades first: everybody locks trades
    before balances, so that two of them never wait for each other.
    """
    return list(
        Trade.objects.select_for_update(no_key=True)
        .filter(buyer_id__in=organisation_ids, currency=currency, state=TradeState.CONCLUDED)
        .order_by("pk")
    )


def make_hold(trade: Trade) -> None:
    """Hold the money of a trade on its buyer's accounts; raises InsufficientFunds, with nothing moved."""
    if not trade.gross_minor:
        return
    accounts = accounts_of(trade.buyer_id, trade.currency)
    available, held = accounts[AccountKind.AVAILABLE], accounts[AccountKind.HELD]
    _post(EntryKind.HOLD, trade, Line(LineKind.HOLD, available, held, trade.gross_minor, trade.pk))


def capture_hold(trade: Trade) -> None:
    """End the hold of an accepted trade: what is owed becomes payable, what was not used is the buyer's again."""
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
    """End the hold of a trade of which nothing is owed: all of it is the buyer's again."""
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


def evidence(what: str, trade: Trade, actor: Actor, **payload: Any) -> None:
    """Leave ``clearing.trade_<what>`` about a trade: by whom, and what is to be known of it."""
    record(
        kind=f"clearing.trade_{what}",
        subject=trade.public_id,
        actor=actor,
        payload={"agreement": trade.agreement, **payload},
    )
