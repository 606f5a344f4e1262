"""Corrections that wait for their charge: they are made when it is a trade whose price is known, and void when it never comes."""

from __future__ import annotations

from collections.abc import Callable, Collection

from contracts.services import adjustment_carried_out
from listings.states import Charging
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor

from ..awaited_models import AwaitedCorrection
from ..charge_models import ChargeProgress
from ..limits import remaining_of
from ..models import Trade
from ..obligation_kinds import Limit
from ..states import ObligationKind, TradeState
from .amendments import planned_charge
from .holds import locked_agreement, record_trade
from .put_offs import make_or_put_off


def is_to_come(progress: ChargeProgress | None, trades: list[Trade], charge: int | None) -> bool:
    """Whether a charge of an agreement, whose progress is locked, is agreed and no trade yet."""
    if progress is None or progress.ended_at is not None or charge is None:
        return False
    is_made = any(trade.charge == charge for trade in trades)
    return not is_made and planned_charge(progress.plan, charge) is not None


def is_uncounted(trade: Trade | None) -> bool:
    """Whether a metered period is still used, so that its price is not known."""
    return trade is not None and trade.charging == Charging.METERED and trade.state != TradeState.ACCEPTED


def await_charge_of(
    *,
    actor: Actor,
    agreement: str,
    charge: int,
    debtor_id: int,
    creditor_id: int,
    amount_minor: int,
    source: str,
) -> None:
    """Have a correction wait for its charge."""
    AwaitedCorrection.objects.create(
        source=source,
        agreement=agreement,
        charge=charge,
        debtor_id=debtor_id,
        creditor_id=creditor_id,
        amount_minor=amount_minor,
        awaited_at=clock.now(),
    )
    record(
        kind="clearing.adjustment_awaited",
        subject=agreement,
        actor=actor,
        payload={"adjustment": source, "charge": charge, "amount_minor": amount_minor},
    )


def make_awaited(trade: Trade, *, actor: Actor) -> int:
    """Make the corrections that waited for the charge of a locked trade, as far as its price goes; returns how many."""
    waiting = _waiting(trade.agreement, lambda row: row.charge == trade.charge)
    for row in waiting:
        seller_owes = row.debtor_id == trade.seller_id
        left_minor = remaining_of(trade).left_minor(Limit.PRICE, seller_owes=seller_owes)
        amount_minor = min(row.amount_minor, left_minor)
        if amount_minor <= 0:
            _void(row, trade, actor)
            continue
        make_or_put_off(
            trade=trade,
            kind=ObligationKind.ADJUSTMENT,
            debtor_id=row.debtor_id,
            creditor_id=row.creditor_id,
            amount_minor=amount_minor,
            source=row.source,
            actor=actor,
        )
        _end(row)
    return len(waiting)


def void_awaited(
    trades: Collection[Trade], *, actor: Actor, is_over: Callable[[int], bool] = lambda _: True
) -> int:
    """Void the corrections of an agreement that wait for charges that never come, or come without a price; returns how many.

    ``trades``: of the agreement, locked, at least one. ``is_over``: of which charges; all, unless stated.
    """
    first = next(iter(trades))
    waiting = _waiting(first.agreement, lambda row: is_over(row.charge))
    for row in waiting:
        about = next((trade for trade in trades if trade.charge == row.charge), first)
        _void(row, about, actor)
    return len(waiting)


def void_dropped(*, actor: Actor, agreement: str, charges: int) -> int:
    """Void the corrections that wait for charges that a version of an agreement has no more; returns how many."""
    if not AwaitedCorrection.objects.filter(agreement=agreement, charge__gt=charges, ended_at=None).exists():
        return 0
    _, trades = locked_agreement(agreement)
    return void_awaited(trades, actor=actor, is_over=lambda charge: charge > charges)


def void_awaited_of(trade: Trade, *, actor: Actor) -> int:
    """Void the corrections that wait for the price of a locked metered period that has ended without one; returns how many."""
    if trade.charging != Charging.METERED:
        return 0
    return void_awaited([trade], actor=actor, is_over=lambda charge: charge == trade.charge)


def _void(row: AwaitedCorrection, about: Trade, actor: Actor) -> None:
    record_trade("adjustment_void", about, actor, adjustment=row.source, amount_minor=row.amount_minor)
    _end(row)
    adjustment_carried_out(adjustment=row.source, moved_minor=0)


def _waiting(agreement: str, is_wanted: Callable[[AwaitedCorrection], bool]) -> list[AwaitedCorrection]:
    rows = AwaitedCorrection.objects.filter(agreement=agreement, ended_at=None).order_by("pk")
    return [row for row in rows if is_wanted(row)]


def _end(row: AwaitedCorrection) -> None:
    row.ended_at = clock.now()
    row.save(update_fields=["ended_at"])
