"""Puts corrections off while the buyer owes the guaranteed part of their trade, and makes them when the bill is paid."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum

from contracts.services import adjustment_carried_out
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor

from ..errors import BeyondCaptured
from ..guaranteed_models import PutOffCorrection, guaranteed_part
from ..models import Trade
from ..states import ObligationKind
from .eligibility import make_correction, require_within
from .holds import record_trade


def is_put_off(trade: Trade) -> bool:
    """Whether nothing of a trade may be cleared yet, because nobody has paid its guaranteed part."""
    part = guaranteed_part(trade)
    return part is not None and part.is_open


def put_off(
    *, trade: Trade, kind: str, debtor_id: int, creditor_id: int, amount_minor: int, source: str, actor: Actor
) -> None:
    """Put a correction of a locked trade off until its bill is paid; raises BeyondCaptured as it would then."""
    seller_owes = debtor_id == trade.seller_id
    waiting = PutOffCorrection.objects.filter(trade=trade, debtor_id=debtor_id, ended_at=None)
    before_minor = waiting.aggregate(sum=Sum("amount_minor"))["sum"] or 0
    try:
        require_within(trade, kind, before_minor + amount_minor, seller_owes=seller_owes)
    except BeyondCaptured as refusal:
        left_minor = refusal.fields["remaining_minor"] - before_minor
        raise BeyondCaptured(trade=trade.public_id, remaining_minor=left_minor) from refusal
    PutOffCorrection.objects.create(
        trade=trade,
        kind=kind,
        debtor_id=debtor_id,
        creditor_id=creditor_id,
        amount_minor=amount_minor,
        source=source,
        put_off_at=clock.now(),
    )
    record_trade("adjustment_put_off", trade, actor, adjustment=source, amount_minor=amount_minor)


def make_or_put_off(
    *,
    trade: Trade,
    kind: ObligationKind,
    debtor_id: int,
    creditor_id: int,
    amount_minor: int,
    source: str,
    actor: Actor,
    transaction_id: int | None = None,
) -> None:
    """Make a correction of a locked trade, or put it off until its bill is paid; contracts hears what moved. Raises as ``make_correction``."""
    decided: dict[str, Any] = {
        "trade": trade,
        "kind": kind,
        "debtor_id": debtor_id,
        "creditor_id": creditor_id,
        "amount_minor": amount_minor,
        "source": source,
    }
    if is_put_off(trade):
        put_off(**decided, actor=actor)
        return
    made = make_correction(**decided, transaction_id=transaction_id)
    record_trade(
        "adjusted",
        trade,
        actor,
        adjustment=source,
        kind=str(kind),
        amount_minor=amount_minor,
        tax_minor=made.tax_minor,
    )
    adjustment_carried_out(adjustment=source, moved_minor=amount_minor)


def make_put_off(trade: Trade, actor: Actor) -> int:
    """Make the corrections of a trade whose bill was just paid, in the open cycle; returns how many."""
    waiting = list(PutOffCorrection.objects.filter(trade=trade, ended_at=None).order_by("pk"))
    for row in waiting:
        _end(row)
        make_or_put_off(
            trade=trade,
            kind=ObligationKind(row.kind),
            debtor_id=row.debtor_id,
            creditor_id=row.creditor_id,
            amount_minor=row.amount_minor,
            source=row.source,
            actor=actor,
        )
    return len(waiting)


def void_put_off(trade: Trade, actor: Actor) -> int:
    """End the corrections of a trade that ended without payment: no money moves; returns how many."""
    if guaranteed_part(trade) is None:
        return 0
    waiting = list(PutOffCorrection.objects.filter(trade=trade, ended_at=None).order_by("pk"))
    for row in waiting:
        _end(row)
        record_trade("adjustment_void", trade, actor, adjustment=row.source, amount_minor=row.amount_minor)
        adjustment_carried_out(adjustment=row.source, moved_minor=0)
    return len(waiting)


def _end(row: PutOffCorrection) -> None:
    row.ended_at = clock.now()
    row.save(update_fields=["ended_at"])
