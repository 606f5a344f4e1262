"""Events of negotiation, agreement and dispute. All that follows an agreement is ordered by the agreement."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event, Part


@dataclass(frozen=True, kw_only=True)
class NegotiationMoved(Event):
    """A negotiation changed state. ``state``: the new one; ``by``: ``buyer``, ``seller``, ``operator`` or ``system``;
    ``waits_for``: whose move it is (``buyer``, ``seller``, or None when over); ``respond_by``: ISO instant or None."""

    type = "negotiation.moved"
    subject_field = "negotiation"

    negotiation: str
    listing: str
    buyer: str
    seller: str
    state: str
    by: str
    waits_for: str | None
    respond_by: str | None


@dataclass(frozen=True, kw_only=True)
class Beneficiary(Part):
    """Somebody who gets a share of what the seller is paid: ``share_bp`` hundredths of a percent of the price."""

    organisation: str
    share_bp: int


@dataclass(frozen=True, kw_only=True)
class AgreementConcluded(Event):
    """Both parties signed. Amounts exclude tax; ``reference`` is the buyer's own (its purchase order), unique per buyer.

    ``charging``: ``one_off``; ``instalment`` (``price_minor`` in ``charges`` parts, one each ``period_months``
    months); ``subscription`` (``price_minor`` a period, for ``charges`` periods); ``metered`` (the use of a period,
    up to ``price_minor``). ``first_period_from``: ISO date on which the first period begins or the first instalment
    is due; the day of conclusion if None. ``commissioned``: the data was made to order, so that it must be paid for
    within a fixed time of its receipt.
    """

    type = "agreement.concluded"
    subject_field = "agreement"

    agreement: str
    negotiation: str
    reference: str
    listing: str
    listing_version: str
    segment: str
    buyer: str
    seller: str
    price_minor: int
    currency: str
    tax_category: str
    funding_days: int
    inspection_days: int
    signed_hash: str
    charging: str = "one_off"
    charges: int = 1
    period_months: int = 1
    first_period_from: str | None = None
    commissioned: bool = False
    beneficiaries: tuple[Beneficiary, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AgreementTerminated(Event):
    """An agreement ended before its term. ``reason_code``: ``payment_failed``, ``refunded``, …"""

    type = "agreement.terminated"
    subject_field = "agreement"

    agreement: str
    reason_code: str


@dataclass(frozen=True, kw_only=True)
class DisputeOpened(Event):
    """The buyer complains of a delivery: money and the inspection period stand still."""

    type = "dispute.opened"
    subject_field = "agreement"

    dispute: str
    agreement: str
    buyer: str
    seller: str
    reason_code: str


@dataclass(frozen=True, kw_only=True)
class DisputeResolved(Event):
    """``outcome``: ``dismissed`` (the delivery stands), ``redelivery`` (inspection begins again), ``refund`` (undone)."""

    type = "dispute.resolved"
    subject_field = "agreement"

    dispute: str
    agreement: str
    buyer: str
    seller: str
    outcome: str


@dataclass(frozen=True, kw_only=True)
class AdjustmentDue(Event):
    """A correction in money that clearing must carry out once. ``debtor`` pays ``creditor``; amounts exclude tax.

    ``kind``: ``adjustment`` of the price, ``refund`` of it by the seller, or ``penalty``, which is not taxed.
    """

    type = "adjustment.due"
    subject_field = "agreement"

    adjustment: str
    agreement: str
    debtor: str
    creditor: str
    amount_minor: int
    currency: str
    reason_code: str
    kind: str = "adjustment"
