"""Events of clearing: trades, cycles, settlement. A trade's events are ordered by its agreement."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import EVERYONE, OPERATOR_ONLY, Event, seen_by


@dataclass(frozen=True, kw_only=True)
class TradeConcluded(Event):
    """A trade was made. ``gross_minor`` includes tax; ``fund_by``: ISO instant.

    ``waits_for_money``: false if the buyer's money secured it in the same transaction; ``trade.secured`` then follows.
    ``charge`` is the number of the charge within the agreement: 1, or more for later instalments and periods.
    """

    type = "trade.concluded"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    trade: str
    agreement: str
    buyer: str
    seller: str
    gross_minor: int
    currency: str
    fund_by: str
    waits_for_money: bool
    charge: int = 1


@dataclass(frozen=True, kw_only=True)
class PeriodCharged(Event):
    """A metered period was charged. ``uses``: of the period, without those of a trial; ``charged_minor``: without tax."""

    type = "usage.period_charged"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    trade: str
    agreement: str
    buyer: str
    seller: str
    charge: int
    uses: int
    charged_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class TradeSecured(Event):
    """The trade is secured. The first ``charge`` of an agreement lets access be granted."""

    type = "trade.secured"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    trade: str
    agreement: str
    listing: str
    listing_version: str
    buyer: str
    seller: str
    inspection_days: int
    charge: int = 1


@dataclass(frozen=True, kw_only=True)
class TradeFundingExtended(Event):
    """Trading was halted, so the time to pay in for a trade ends later. ``fund_by``: ISO instant, the new end."""

    type = "trade.funding_extended"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    trade: str
    agreement: str
    listing: str
    buyer: str
    seller: str
    fund_by: str
    charge: int = 1


OWED_OUTSIDE = "owed_outside"
"""The reason of a trade that failed although its price is owed: an instalment of data that was received, after an early end."""


@dataclass(frozen=True, kw_only=True)
class TradeFailed(Event):
    """The trade ended unpaid; access under its agreement ends too. ``reason_code``: ``not_funded``, …, or ``owed_outside``: an instalment of
    data that was received, after an early end, which the buyer owes the seller outside the market while later ones fall due."""

    type = "trade.failed"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    trade: str
    agreement: str
    buyer: str
    seller: str
    reason_code: str
    charge: int = 1


@dataclass(frozen=True, kw_only=True)
class TradeRefunded(Event):
    """The hold of the trade was returned to the buyer."""

    type = "trade.refunded"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    trade: str
    agreement: str
    buyer: str
    seller: str
    amount_minor: int
    currency: str
    charge: int = 1


@dataclass(frozen=True, kw_only=True)
class PaymentReceived(Event):
    """Pay-ins of a participant were recorded: those of one bank statement together, else one.

    ``amount_minor``: their sum. ``receipts``: how many. ``bank_reference``: the bank's reference of the first bank entry.
    """

    type = "payment.received"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    amount_minor: int
    currency: str
    bank_reference: str
    receipts: int = 1


@dataclass(frozen=True, kw_only=True)
class CycleMoved(Event):
    """A clearing cycle changed state. ``state``: the new one."""

    type = "cycle.moved"
    subject_field = "cycle"
    audience = EVERYONE

    cycle: str
    state: str


@dataclass(frozen=True, kw_only=True)
class ShortfallOccurred(Event):
    """A participant had a shortfall of ``missing_minor`` in a cycle, of which ``deferred_minor`` was deferred."""

    type = "shortfall.occurred"
    subject_field = "organisation"
    audience = seen_by("organisation")

    shortfall: str
    organisation: str
    cycle: str
    missing_minor: int
    deferred_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PaymentDeferred(Event):
    """``amount_minor`` that a cycle was to pay a participant was deferred, because a debtor had a shortfall."""

    type = "payment.deferred"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    cycle: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PaymentSetOff(Event):
    """``amount_minor`` of a participant's planned payment was set off against what it owes in ``cycle``.

    ``payment`` is the reference of the cancelled payment; ``remainder_minor`` of it is planned anew.
    """

    type = "payment.set_off"
    subject_field = "organisation"
    audience = seen_by("organisation")

    set_off: str
    organisation: str
    cycle: str
    payment: str
    amount_minor: int
    remainder_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class CyclePaused(Event):
    """The operator paused a cycle in ``state``."""

    type = "cycle.paused"
    subject_field = "cycle"
    audience = EVERYONE

    cycle: str
    state: str


@dataclass(frozen=True, kw_only=True)
class CycleResumed(Event):
    """The operator resumed a paused cycle in ``state``."""

    type = "cycle.resumed"
    subject_field = "cycle"
    audience = EVERYONE

    cycle: str
    state: str


@dataclass(frozen=True, kw_only=True)
class CycleOverdue(Event):
    """A cycle is late. ``reason_code``: ``not_closed``, ``slow`` or ``past_value_date``.

    ``since``: ISO instant.
    """

    type = "cycle.overdue"
    subject_field = "cycle"
    audience = OPERATOR_ONLY

    cycle: str
    business_key: str
    reason_code: str
    since: str


@dataclass(frozen=True, kw_only=True)
class CycleCaughtUp(Event):
    """A cycle is no longer late for ``reason_code``."""

    type = "cycle.caught_up"
    subject_field = "cycle"
    audience = OPERATOR_ONLY

    cycle: str
    reason_code: str


@dataclass(frozen=True, kw_only=True)
class StatementConfirmationNeeded(Event):
    """A bank statement waits for a second person. ``amount_minor``: the total of its receipts."""

    type = "statement.confirmation_needed"
    subject_field = "statement_import"
    audience = OPERATOR_ONLY

    statement_import: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class StatementConfirmationEnded(Event):
    """A bank statement no longer waits for a second person. ``state``: ``confirmed``, or ``refused`` if withdrawn."""

    type = "statement.confirmation_ended"
    subject_field = "statement_import"
    audience = OPERATOR_ONLY

    statement_import: str
    state: str


@dataclass(frozen=True, kw_only=True)
class MoneyReturning(Event):
    """Money that no trade needs is paid back to its participant. ``reason_code``: ``idle`` or ``above_cap``."""

    type = "money.returning"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    instruction: str
    amount_minor: int
    currency: str
    reason_code: str


@dataclass(frozen=True, kw_only=True)
class MoneyStuck(Event):
    """Money that no trade needs cannot be paid back and stays available.

    ``reason_code``: ``no_account`` or ``abroad``.
    """

    type = "money.stuck"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    amount_minor: int
    currency: str
    reason_code: str


@dataclass(frozen=True, kw_only=True)
class SegregationBroken(Event):
    """The daily segregation check found that no fresh, confirmed balance of the bank covers what is owed to clients.

    ``due_on`` is the bank business day that the balance must reach if it does not; empty if it does, and then there is a
    difference. ``stated_on``: the day of the newest confirmed balance, or empty.
    """

    type = "segregation.broken"
    subject_field = "currency"
    audience = OPERATOR_ONLY

    currency: str
    check: str
    business_date: str
    bank_minor: int
    owed_minor: int
    stated_difference_minor: int
    due_on: str
    stated_on: str


@dataclass(frozen=True, kw_only=True)
class SegregationRestored(Event):
    """The daily segregation check finds no difference any more."""

    type = "segregation.restored"
    subject_field = "currency"
    audience = OPERATOR_ONLY

    currency: str
    check: str


@dataclass(frozen=True, kw_only=True)
class PaymentLost(Event):
    """The outcome of a payment is unknown one day after its value date. ``value_date``: ISO date."""

    type = "payment.lost"
    subject_field = "instruction"
    audience = OPERATOR_ONLY

    instruction: str
    reference: str
    amount_minor: int
    currency: str
    value_date: str


@dataclass(frozen=True, kw_only=True)
class PaymentFound(Event):
    """The outcome of a payment that was unknown is now known. ``state``: ``confirmed`` or ``failed``."""

    type = "payment.found"
    subject_field = "instruction"
    audience = OPERATOR_ONLY

    instruction: str
    state: str


@dataclass(frozen=True, kw_only=True)
class StatementMade(Event):
    """The monthly statement of a participant was made. ``month``: ``2026-11``."""

    type = "statement.made"
    subject_field = "statement"
    audience = seen_by("organisation")

    statement: str
    organisation: str
    currency: str
    month: str


@dataclass(frozen=True, kw_only=True)
class SendingShut(Event):
    """The database was restored for the ``number``-th time; payments are not sent until sending is opened."""

    type = "sending.shut"
    subject_field = "restoration"
    audience = OPERATOR_ONLY

    restoration: str
    number: int


@dataclass(frozen=True, kw_only=True)
class SendingOpened(Event):
    """Payments in ``currency`` are sent again. ``everywhere``: no currency with a client account is shut any more."""

    type = "sending.opened"
    subject_field = "restoration"
    audience = OPERATOR_ONLY

    restoration: str
    currency: str
    everywhere: bool
