"""Events of trades, cycles and settlement. A trade's events are ordered by its agreement."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event


@dataclass(frozen=True, kw_only=True)
class TradeConcluded(Event):
    """A trade stands and waits for money. ``gross_minor`` includes tax; ``fund_by``: ISO instant.

    ``charge`` is its number within the agreement: 1 but for later instalments and periods.
    """

    type = "trade.concluded"
    subject_field = "agreement"

    trade: str
    agreement: str
    buyer: str
    seller: str
    gross_minor: int
    currency: str
    fund_by: str
    charge: int = 1


@dataclass(frozen=True, kw_only=True)
class TradeSecured(Event):
    """The money of the trade is held; access may be granted, by the first ``charge`` of an agreement."""

    type = "trade.secured"
    subject_field = "agreement"

    trade: str
    agreement: str
    listing: str
    listing_version: str
    buyer: str
    seller: str
    inspection_days: int
    charge: int = 1


@dataclass(frozen=True, kw_only=True)
class TradeFailed(Event):
    """The trade ended without money; access under its agreement ends too. ``reason_code``: ``not_funded``, …"""

    type = "trade.failed"
    subject_field = "agreement"

    trade: str
    agreement: str
    buyer: str
    seller: str
    reason_code: str
    charge: int = 1


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
    charge: int = 1


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
class InvoiceIssued(Event):
    """A document of a cycle is ready for its recipient."""

    type = "invoice.issued"
    subject_field = "invoice"

    invoice: str
    issuer: str
    recipient: str
    number: str
