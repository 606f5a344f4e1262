"""Locks trades, moves their holds, and records their evidence."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from marketplace.evidence.services import Fact, record_all
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing
from marketplace.kernel.prepared import columns_of, fetch_models

from ...guarantees.models import Guarantee
from ...guarantees.queries import HAS_GUARANTEE, lock_guarantees
from ...ledger.errors import InsufficientFunds
from ...ledger.journal import Move, move_within
from ...ledger.states import AccountKind, EntryKind, LineKind
from ..charge_models import ChargeProgress
from ..guaranteed_models import GuaranteedPart, guaranteed_part, read_parts
from ..models import Trade
from ..states import PaidFrom, TradeState
from .charge_plans import locked_progress

_LOCK = f"""
    SELECT {columns_of(Trade, "t")}, {HAS_GUARANTEE.format(organisation="t.buyer_id", currency="t.currency")}
      FROM clearing_trade t WHERE {{condition}} ORDER BY t.id FOR NO KEY UPDATE{{skip}}
"""  # noqa: S608  our own words
_PLAIN = "NOT EXISTS (SELECT FROM clearing_chargeplan WHERE agreement = %(agreement)s) AND "
_OF_AGREEMENT = "t.agreement = %(agreement)s"
_WAITING = f"""
    (t.state = '{TradeState.CONCLUDED}' AND t.buyer_id {{buyer}} AND t.currency = {{currency}}
     OR t.id = ANY(ARRAY(
        SELECT p.trade_id FROM clearing_guaranteedpart p JOIN clearing_guarantee g ON g.id = p.guarantee_id
         WHERE g.organisation_id {{buyer}} AND g.currency = {{currency}}
           AND p.billed_at IS NOT NULL AND p.paid_at IS NULL AND p.released_at IS NULL)))
"""  # noqa: S608  our own words
"""Waiting trades of buyers, and those whose buyer was billed."""
_OF_BUYERS = _WAITING.format(buyer="= ANY(%(buyers)s::bigint[])", currency="%(currency)s")
_FIRST = "(SELECT {column} FROM clearing_trade WHERE agreement = %(agreement)s AND charge = 1)"
_OR_WAITING = "({own} OR {waiting})".format(
    own=_OF_AGREEMENT,
    waiting=_WAITING.format(
        buyer="= " + _FIRST.format(column="buyer_id"), currency=_FIRST.format(column="currency")
    ),
)


def locked_trade(**lookup: Any) -> Trade:
    """The trade, locked until the transaction ends; raises Missing."""
    own = Guarantee.objects.filter(organisation=OuterRef("buyer"), currency=OuterRef("currency"))
    rows: QuerySet[Trade] = Trade.objects.annotate(has_guarantee=Exists(own))
    trade = rows.select_for_update(no_key=True).filter(**lookup).first()
    if trade is None:
        raise Missing(kind="trade", identifier=next(iter(lookup.values())))
    read_parts([trade])
    return trade


def locked_agreement(
    agreement: str, *, with_waiting: bool = False
) -> tuple[ChargeProgress | None, list[Trade]]:
    """The progress of an agreement's charging and its trades by charge, locked; raises Missing.

    ``with_waiting`` locks its buyer's waiting trades too, as ``locked_with_waiting``. A plain price has no progress and one
    trade, and is locked in one statement. Otherwise the progress is locked first and the trades in a later statement, which
    sees the charges that were made while it waited.
    """
    if plain := _of_agreement(agreement, _PLAIN, with_waiting=with_waiting):
        return None, plain
    progress = locked_progress(agreement)
    return progress, locked_with_waiting(agreement) if with_waiting else locked_trades(agreement)


def locked_trades(agreement: str) -> list[Trade]:
    """All trades of an agreement by charge, locked in key order; raises Missing if there are none."""
    return _known(agreement, _of_agreement(agreement))


def locked_with_waiting(agreement: str) -> list[Trade]:
    """All trades of an agreement by charge, locked as ``lock_waiting_trades`` together with its buyer's; raises Missing.

    For services that return holds and then secure waiting trades. One statement locks all in key order; this prevents
    deadlock.
    """
    return _known(agreement, _of_agreement(agreement, with_waiting=True))


def _known(agreement: str, trades: list[Trade]) -> list[Trade]:
    if not trades:
        raise Missing(kind="trade", identifier=agreement)
    return trades


def _of_agreement(agreement: str, condition: str = "", *, with_waiting: bool = False) -> list[Trade]:
    condition += _OR_WAITING if with_waiting else _OF_AGREEMENT
    rows = _lock(condition, {"agreement": agreement})
    trades = sorted((row for row in rows if row.agreement == agreement), key=lambda trade: trade.charge)
    if with_waiting:
        _lock_guarantees_of(rows)
    read_parts(trades)
    return trades


def _lock(condition: str, values: dict[str, Any], *, skip: str = "") -> list[Trade]:
    return fetch_models(
        Trade, _LOCK.format(condition=condition, skip=skip), values, further=("has_guarantee",)
    )


def lock_waiting_trades(
    organisation_ids: Collection[int], currency: str, *, beside: int | None = None, again: bool = False
) -> list[Trade]:
    """The trades of buyers that wait for money, locked in key order: waiting trades, and those whose buyer was billed.

    ``beside``: the key of a trade that is locked with them, whatever its state. Then locks the guarantees of the buyers. Lock
    order: trades, guarantees, balances; prevents deadlock. A service that moves a buyer's money and then secures its trades
    calls this first, and then ``again``: of those that were concluded meanwhile it leaves what somebody else has locked, who may
    wait for the guarantees that it holds.
    """
    values = {"buyers": list(organisation_ids), "currency": currency, "beside": beside}
    condition = f"({_OF_BUYERS} OR t.id = %(beside)s::bigint)" if beside else _OF_BUYERS
    trades = _lock(condition, values, skip=" SKIP LOCKED" if again else "")
    _lock_guarantees_of(trades)
    read_parts(trades)
    return trades


def _lock_guarantees_of(trades: list[Trade]) -> None:
    """Lock the guarantees of the buyers of trades in one currency, in a statement only if there are any."""
    if buyers := {trade.buyer_id for trade in trades if vars(trade)["has_guarantee"]}:
        lock_guarantees(buyers, trades[0].currency)


def make_hold(trade: Trade, *, guaranteed_minor: int = 0) -> bool:
    """Move the gross of a trade, less its guaranteed part, from available to held.

    False, with nothing moved, if the money is not enough.
    """
    held_minor = trade.gross_minor - guaranteed_minor
    move = Move(LineKind.HOLD, AccountKind.AVAILABLE, AccountKind.HELD, held_minor)
    return not held_minor or _move(EntryKind.HOLD, trade, move)


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
    _must_move(EntryKind.CAPTURE, trade, *moves)


def return_hold(trade: Trade) -> None:
    """Return the hold of a trade that was not accepted, and release its guarantee: what was on hold is available again."""
    held_minor, part = trade.gross_minor, guaranteed_part(trade)
    if part is not None and part.is_open:
        part.released_at = clock.now()
        part.save(update_fields=["released_at"])
        held_minor -= part.amount_minor
    if held_minor:
        move = Move(LineKind.UNHOLD, AccountKind.HELD, AccountKind.AVAILABLE, held_minor)
        _must_move(EntryKind.RETURN, trade, move)


def pay_guaranteed_part(trade: Trade, part: GuaranteedPart, source: PaidFrom) -> None:
    """Put a guaranteed part on hold from an account of its buyer, and release its guarantee.

    Raises InsufficientFunds and changes nothing.
    """
    with transaction.atomic():
        part.paid_at, part.paid_from = clock.now(), source
        part.save(update_fields=["paid_at", "paid_from"])
        move = Move(LineKind.GUARANTEED_PAID, AccountKind(source), AccountKind.HELD, part.amount_minor)
        _must_move(EntryKind.GUARANTEED, trade, move, cause=part.public_id)


def _must_move(kind: str, trade: Trade, *moves: Move, cause: str = "") -> None:
    """Move the buyer's money; raises InsufficientFunds if it is not there."""
    if not _move(kind, trade, *moves, cause=cause):
        raise InsufficientFunds(reference=trade.public_id)


def _move(kind: str, trade: Trade, *moves: Move, cause: str = "") -> bool:
    return move_within(
        trade.buyer_id,
        moves,
        currency=trade.currency,
        kind=kind,
        reference=f"{kind}:{cause or trade.public_id}",
        description=trade.business_key[:200],
        trade_id=trade.pk,
    )


def record_trade(what: str, trade: Trade, actor: Actor, **payload: Any) -> None:
    """Record ``clearing.trade_<what>`` about a trade as evidence."""
    record_all([fact_of(what, trade, actor, **payload)])


def fact_of(what: str, trade: Trade, actor: Actor, **payload: Any) -> Fact:
    """The fact ``clearing.trade_<what>`` about a trade, for a service that records several at once."""
    return Fact(f"clearing.trade_{what}", trade.public_id, actor, {"agreement": trade.agreement, **payload})
