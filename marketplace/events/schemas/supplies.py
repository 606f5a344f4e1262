"""Events of clearing about what sellers supply, on which the tax of trades depends."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event, seen_by


@dataclass(frozen=True, kw_only=True)
class TradeSupplyUnstated(Event):
    """A trade is held: its tax depends on what the seller supplies, which it has not stated. ``fund_by``: ISO instant."""

    type = "trade.supply_unstated"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    trade: str
    agreement: str
    listing: str
    buyer: str
    seller: str
    fund_by: str


@dataclass(frozen=True, kw_only=True)
class SupplyStated(Event):
    """A seller stated what it supplies with a listing: ``data`` or ``rights``."""

    type = "supply.stated"
    subject_field = "listing"
    audience = seen_by("seller")

    listing: str
    seller: str
    supply: str
