"""Events of trades, cycles and settlement. A trade's events are ordered by its agreement."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event


@dataclass(frozen=True, kw_only=True)
class TradeConcluded(Event):
    """A trade stands and waits for money. ``gross_minor`` includes tax; ``fund_by``: ISO instant."""

    type = "trade.concluded"
    subject_field = "agreement"

    trade: str
    agreement: str
    buyer: str
    seller: str
    gross_minor: int
    currency: str
    fund_by: str


@dataclass(frozen=True, kw_only=True)
class TradeSecured(Event):
    """The money of the trade is held; access may be granted."""

    type = "trade.secured"
    subject_field = "agreement"

    trade: str
    agreement: str
    listing: str
    listing_version: str
    buyer: str
    seller: str
    inspection_days: int


@dataclass(frozen=True, kw_only=True)
class TradeFailed(Event):
    """The trade ended without money or access. ``reason_code``: ``not_funded``, ``buyer_suspended``, …"""

    type = "trade.failed"
    subject_field = "agreement"

    trade: str
    agreement: str
    buyer: str
    seller: str
    reason_code: str


@dataclass(frozen=True, kw_only=True)
class TradeRefunded(Event):
    """The money of the trade went back to the buyer."""

    type = "trade.refunded"
    subject_field = "agreement"

    trade: str
    agreement: str
    buyer: str
    seller: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PaymentReceived(Event):
    """Money of a participant arrived at the market's bank."""

    type = "payment.received"
    subject_field = "organisation"

    organisation: str
    amount_minor: int
    currency: str
    bank_reference: str


@dataclass(frozen=True, kw_only=True)
class CycleMoved(Event):
    """A clearing cycle reached ``state``."""

    type = "cycle.moved"
    subject_field = "cycle"

    cycle: str
    state: str


@dataclass(frozen=True, kw_only=True)
class ShortfallOccurred(Event):
    """A participant owed more in a cycle than it had: ``carried_minor`` of ``missing_minor`` was put off."""

    type = "shortfall.occurred"
    subject_field = "organisation"

    shortfall: str
    organisation: str
    cycle: str
    missing_minor: int
    carried_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PaymentPutOff(Event):
    """What a participant was to get in a cycle goes on into the next: whoever owes it did not have it."""

    type = "payment.put_off"
    subject_field = "organisation"

    organisation: str
    cycle: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class InvoiceIssued(Event):
    """A document of a cycle is ready for its recipient."""

    type = "invoice.issued"
    subject_field = "invoice"

    invoice: str
    issuer: str
    recipient: str
    number: str
