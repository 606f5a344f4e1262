"""Locks trades, moves their holds, and records their evidence."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing

from ...guarantees.queries import lock_guarantees
from ...ledger.accounts import accounts_of
from ...ledger.journal import Draft, Line, post
from ...ledger.states import AccountKind, EntryKind, LineKind
from ..guaranteed_models import GuaranteedPart, billed_parts, guaranteed_part
from ..models import Trade
from ..states import PaidFrom, TradeState


def locked_trade(**lookup: Any) -> Trade:
    """The trade, locked until the transaction ends; raises Missing."""
    trade = _locking().filter(**lookup).first()
    if trade is None:
        raise Missing(kind="trade", identifier=next(iter(lookup.values())))
    return trade


def _locking() -> QuerySet[Trade]:
    """Trades with their guaranteed parts, to be locked; a part changes only while its trade is locked."""
    return Trade.objects.select_related("guaranteed").select_for_update(of=("self",), no_key=True)


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
    rows = list(_locking().filter(condition).order_by("pk"))
    trades = sorted((row for row in rows if row.agreement == agreement), key=lambda trade: trade.charge)
    if not trades:
        raise Missing(kind="trade", identifier=agreement)
    return trades


def lock_waiting_trades(organisation_ids: Collection[int], currency: str) -> list[Trade]:
    """The trades of buyers that wait for money, locked in key order: waiting trades, and those whose buyer was billed.

    Then locks the guarantees of the buyers. Lock order: trades, guarantees, balances; prevents deadlock. A service that
    moves a buyer's money and then secures its trades calls this first.
    """
    billed = billed_parts(organisation_ids, currency)
    waiting = Q(buyer_id__in=organisation_ids, currency=currency, state=TradeState.CONCLUDED)
    rows = _locking().filter(waiting | Q(pk__in=list(billed.values_list("trade_id", flat=True))))
    trades = list(rows.order_by("pk"))
    if trades:
        lock_guarantees(organisation_ids, currency)
    return trades


def make_hold(trade: Trade, *, guaranteed_minor: int = 0) -> None:
    """Move the gross of a trade, less its guaranteed part, from available to held.

    Raises InsufficientFunds and moves nothing.
    """
    if trade.gross_minor == guaranteed_minor:
        return
    accounts = accounts_of(trade.buyer_id, trade.currency)
    available, held = accounts[AccountKind.AVAILABLE], accounts[AccountKind.HELD]
    held_minor = trade.gross_minor - guaranteed_minor
    _post(EntryKind.HOLD, trade, Line(LineKind.HOLD, available, held, held_minor, trade.pk))


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
    """Return the hold of a trade that was not accepted, and release its guarantee: what was on hold is available again."""
    held_minor, part = trade.gross_minor, guaranteed_part(trade)
    if part is not None and part.is_open:
        part.released_at = clock.now()
        part.save(update_fields=["released_at"])
        held_minor -= part.amount_minor
    if not held_minor:
        return
    accounts = accounts_of(trade.buyer_id, trade.currency)
    held, available = accounts[AccountKind.HELD], accounts[AccountKind.AVAILABLE]
    _post(EntryKind.RETURN, trade, Line(LineKind.UNHOLD, held, available, held_minor, trade.pk))


def pay_guaranteed_part(trade: Trade, part: GuaranteedPart, source: PaidFrom) -> None:
    """Put a guaranteed part on hold from an account of its buyer, and release its guarantee.

    Raises InsufficientFunds and changes nothing.
    """
    with transaction.atomic():
        part.paid_at, part.paid_from = clock.now(), source
        part.save(update_fields=["paid_at", "paid_from"])
        accounts = accounts_of(trade.buyer_id, trade.currency)
        line = Line(
            LineKind.GUARANTEED_PAID,
            accounts[AccountKind(source)],
            accounts[AccountKind.HELD],
            part.amount_minor,
            trade.pk,
        )
        _post(EntryKind.GUARANTEED, trade, line, cause=part.public_id)


def _post(kind: str, trade: Trade, *lines: Line, cause: str = "") -> None:
    draft = Draft(
        kind=kind,
        reference=f"{kind}:{cause or trade.public_id}",
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
