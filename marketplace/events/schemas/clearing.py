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
class ShortfallOccurred(Event):
    """A participant owed more in a cycle than it had: ``deferred_minor`` of ``missing_minor`` was put off."""

    type = "shortfall.occurred"
    subject_field = "organisation"

    shortfall: str
    organisation: str
    cycle: str
    missing_minor: int
    deferred_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PaymentDeferred(Event):
    """What a participant was to get in a cycle goes on into the next: whoever owes it did not have it."""

    type = "payment.deferred"
    subject_field = "organisation"

    organisation: str
    cycle: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class CyclePaused(Event):
    """The operator keeps a cycle in ``state`` until it is released."""

    type = "cycle.paused"
    subject_field = "cycle"

    cycle: str
    state: str


@dataclass(frozen=True, kw_only=True)
class CycleResumed(Event):
    """A cycle that was held goes on from ``state``."""

    type = "cycle.resumed"
    subject_field = "cycle"

    cycle: str
    state: str


@dataclass(frozen=True, kw_only=True)
class CycleOverdue(Event):
    """A cycle is later than it should be. ``reason_code``: ``not_closed``, ``slow`` or ``past_value_date``.

    ``since``: ISO instant.
    """

    type = "cycle.overdue"
    subject_field = "cycle"

    cycle: str
    business_key: str
    reason_code: str
    since: str


@dataclass(frozen=True, kw_only=True)
class CycleCaughtUp(Event):
    """A cycle that was overdue for ``reason_code`` has moved on."""

    type = "cycle.caught_up"
    subject_field = "cycle"

    cycle: str
    reason_code: str


@dataclass(frozen=True, kw_only=True)
class InvoiceIssued(Event):
    """A document of a cycle is ready for its recipient; ``supplier`` gets a copy where the issuer represents it."""

    type = "invoice.issued"
    subject_field = "invoice"

    invoice: str
    issuer: str
    recipient: str
    number: str
    supplier: str | None = None


@dataclass(frozen=True, kw_only=True)
class ApprovalAsked(Event):
    """A command on a large amount waits for a second person of the operator. ``expires_at``: ISO instant."""

    type = "approval.asked"
    subject_field = "approval"

    approval: str
    command: str
    of: str
    amount_minor: int
    currency: str
    expires_at: str


@dataclass(frozen=True, kw_only=True)
class ApprovalEnded(Event):
    """A command no longer waits for a second person: ``approved``, ``withdrawn`` or ``expired``."""

    type = "approval.ended"
    subject_field = "approval"

    approval: str
    state: str


@dataclass(frozen=True, kw_only=True)
class MoneyReturning(Event):
    """Money of a participant that is tied to no trade goes back to it: ``idle``, or ``above_cap``."""

    type = "money.returning"
    subject_field = "organisation"

    organisation: str
    instruction: str
    amount_minor: int
    currency: str
    reason_code: str


@dataclass(frozen=True, kw_only=True)
class MoneyStuck(Event):
    """Money of a participant would go back, but it cannot be paid: ``no_account``, ``abroad``. It stays available."""

    type = "money.stuck"
    subject_field = "organisation"

    organisation: str
    amount_minor: int
    currency: str
    reason_code: str


@dataclass(frozen=True, kw_only=True)
class SegregationBroken(Event):
    """The daily check found that clients' money and what is owed to them do not agree."""

    type = "segregation.broken"
    subject_field = "currency"

    currency: str
    check: str
    business_date: str
    bank_minor: int
    owed_minor: int
    stated_difference_minor: int


@dataclass(frozen=True, kw_only=True)
class SegregationRestored(Event):
    """The daily check agrees again."""

    type = "segregation.restored"
    subject_field = "currency"

    currency: str
    check: str


@dataclass(frozen=True, kw_only=True)
class PaymentLost(Event):
    """For a day nobody has known what became of a payment that was handed to the bank. ``value_date``: ISO date."""

    type = "payment.lost"
    subject_field = "instruction"

    instruction: str
    reference: str
    amount_minor: int
    currency: str
    value_date: str


@dataclass(frozen=True, kw_only=True)
class PaymentFound(Event):
    """The bank told what became of a payment that was out of sight: ``confirmed`` or ``failed``."""

    type = "payment.found"
    subject_field = "instruction"

    instruction: str
    state: str


@dataclass(frozen=True, kw_only=True)
class StatementMade(Event):
    """The statement of a month (``2026-11``) is ready for its participant."""

    type = "statement.made"
    subject_field = "statement"

    statement: str
    organisation: str
    currency: str
    month: str
