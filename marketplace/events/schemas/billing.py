"""Events of clearing about what guarantees secured and buyers pay afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event, seen_by


@dataclass(frozen=True, kw_only=True)
class TradeBilled(Event):
    """The delivery was accepted; the buyer pays the guaranteed part by ``due_on`` (ISO date), then the trade is cleared."""

    type = "trade.billed"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    trade: str
    agreement: str
    buyer: str
    seller: str
    amount_minor: int
    currency: str
    due_on: str


@dataclass(frozen=True, kw_only=True)
class TradePaid(Event):
    """The guaranteed part of a trade was paid. ``paid_from``: ``available``, or ``deposit`` if the deposit was taken."""

    type = "trade.paid"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    trade: str
    agreement: str
    buyer: str
    seller: str
    amount_minor: int
    currency: str
    paid_from: str
