"""Events of contracts: negotiations, agreements, disputes. Events after conclusion are ordered by the agreement."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event, Part, seen_by


@dataclass(frozen=True, kw_only=True)
class TermChange(Part):
    """A term that a proposal changed: its name (``price_minor``, ``rights.duration``) and the sentence about it in both languages."""

    field: str
    en: str
    ja: str


@dataclass(frozen=True, kw_only=True)
class NegotiationMoved(Event):
    """A negotiation changed state. ``state``: the new one; ``by``: ``buyer``, ``seller``, ``operator`` or ``system``.

    ``waits_for``: who must act next (``buyer``, ``seller``, or None when it is over); ``respond_by``: ISO instant or
    None. ``changes``: what the proposal of this move changes against the one before, the first against the published offer, or the version that it amends.
    """

    type = "negotiation.moved"
    subject_field = "negotiation"
    audience = seen_by("buyer", "seller")

    negotiation: str
    listing: str
    buyer: str
    seller: str
    state: str
    by: str
    waits_for: str | None
    respond_by: str | None
    changes: tuple[TermChange, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MessagesDisclosed(Event):
    """A party (``by``) let staff read the messages of a negotiation (``change``: ``disclosed``), or ``revoked`` that."""

    type = "negotiation.disclosed"
    subject_field = "negotiation"
    audience = seen_by("buyer", "seller")

    negotiation: str
    disclosure: str
    buyer: str
    seller: str
    by: str
    change: str


@dataclass(frozen=True, kw_only=True)
class Beneficiary(Part):
    """A beneficiary and its share of the price: ``share_bp`` hundredths of a percent."""

    organisation: str
    share_bp: int


@dataclass(frozen=True, kw_only=True)
class AgreementConcluded(Event):
    """Both parties signed. Amounts exclude tax. ``reference``: the buyer's own (purchase order), unique per buyer.

    ``charging``: ``one_off``; ``instalment`` (``price_minor`` in ``charges`` parts, one every ``period_months``
    months); ``subscription`` (``price_minor`` per period, for ``charges`` periods); ``metered`` (by use, at most
    ``price_minor`` per period). ``first_period_from``: ISO date on which the first period begins or the first
    instalment is due; the day of conclusion if None. ``penalty_cap_minor``: the agreed most that a party owes in
    penalties for each charge; None for the price with tax. ``commissioned``: the data is made to order, so the law sets a
    time limit for its payment, counted from its receipt; ``holiday_shift``: a last day that is a bank holiday may come up to two days later. ``concluded_at``: ISO instant from which the days of the plan count; that of
    the event if None.
    """

    type = "agreement.concluded"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")
    # Who has a share in the price is between the seller and its beneficiaries.
    withheld = frozenset({"beneficiaries"})

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
    holiday_shift: bool = False
    penalty_cap_minor: int | None = None
    beneficiaries: tuple[Beneficiary, ...] = ()
    concluded_at: str | None = None


@dataclass(frozen=True, kw_only=True)
class AgreementAmended(Event):
    """An agreement has a further version, ``number``, from ``effective_at`` (ISO instant) on, the beginning of ``effective_on``.

    The charges from number ``from_charge`` on cost ``price_minor`` each where a price a period is charged, without tax, and are ``charges`` in all;
    those before stay. ``ends_at``: ISO instant at which the agreement now ends, or None.
    """

    type = "agreement.amended"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    agreement: str
    buyer: str
    seller: str
    agreement_version: str
    number: int
    effective_on: str
    effective_at: str
    from_charge: int
    charges: int
    price_minor: int
    currency: str
    funding_days: int
    ends_at: str | None
    signed_hash: str


@dataclass(frozen=True, kw_only=True)
class AgreementExpired(Event):
    """An agreement ended with its term: its rights of use are over. ``ends_at``: ISO instant of their end."""

    type = "agreement.expired"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    agreement: str
    buyer: str
    seller: str
    ends_at: str


@dataclass(frozen=True, kw_only=True)
class AgreementEnding(Event):
    """What ends an agreement before its term changed its ``state``: ``proposed``, ``scheduled``, ``done``, ``refused``, ``withdrawn``,
    ``lapsed`` or ``dropped``.

    ``ground``: ``mutual``, ``convenience`` or ``law``; ``party``: ``buyer``, ``seller`` or ``operator``, who ends it; ``last_day``: ISO
    date; ``access_until``: ISO instant of its end.
    """

    type = "agreement.ending"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    ending: str
    agreement: str
    buyer: str
    seller: str
    ground: str
    party: str
    state: str
    last_day: str
    access_until: str


@dataclass(frozen=True, kw_only=True)
class AgreementUnlawful(Event):
    """A later rulebook made a ``term`` of an agreement in force unlawful by its entry ``code``: ``state`` is ``open`` until an amendment takes
    effect by ``amend_by`` (ISO instant), or the agreement ends by law; then ``amended``, ``lifted`` or ``over``.
    """

    type = "agreement.unlawful"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    law_adjustment: str
    agreement: str
    buyer: str
    seller: str
    code: str
    term: str
    state: str
    amend_by: str


@dataclass(frozen=True, kw_only=True)
class AgreementTerminated(Event):
    """An agreement ended before its term, or its price was returned.

    ``reason_code``: ``payment_failed``, ``refunded``, ``mutual``, ``convenience``, ``seller_breach``, ``buyer_breach``, ``settled`` or ``law``.
    """

    type = "agreement.terminated"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    agreement: str
    buyer: str
    seller: str
    reason_code: str


@dataclass(frozen=True, kw_only=True)
class DeletionMoved(Event):
    """The duty to delete after an agreement's end: ``open``, ``overdue`` or ``certified``. ``due_by``: ISO instant."""

    type = "deletion.moved"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    duty: str
    agreement: str
    buyer: str
    seller: str
    state: str
    due_by: str


@dataclass(frozen=True, kw_only=True)
class DisputeOpened(Event):
    """A dispute was opened, by the ``buyer``, the ``seller`` or a ``third_party`` (``opened_as``).

    The buyer's holds money that was not released; before acceptance it suspends access and the inspection period too.
    """

    type = "dispute.opened"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    dispute: str
    agreement: str
    buyer: str
    seller: str
    reason_code: str
    opened_as: str = "buyer"


@dataclass(frozen=True, kw_only=True)
class DisputeResolved(Event):
    """A dispute was decided, settled or withdrawn; what it held goes on.

    ``outcome``: ``dismissed`` or ``withdrawn`` (a delivery in dispute counts as accepted), ``redelivery`` (the inspection starts again),
    ``refund`` (the price is refunded), ``reduction`` or ``payment`` (an adjustment is due), ``termination`` (the agreement is terminated;
    after the buyer's dispute what is on hold is refunded) or ``stop_of_use`` (access is suspended). ``after_acceptance``: the delivery was
    accepted before.
    """

    type = "dispute.resolved"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    dispute: str
    agreement: str
    buyer: str
    seller: str
    outcome: str
    opened_as: str = "buyer"
    after_acceptance: bool = False


CLAUSE_REASON = "clause_"
"""Reason codes of adjustments that a signed clause makes begin so; nobody orders one."""
ENDED_EARLY = "ended_early"
"""The reason code of the adjustment that returns what was not enjoyed; nobody orders one."""


@dataclass(frozen=True, kw_only=True)
class AdjustmentDue(Event):
    """A correction that clearing must carry out once. ``debtor`` pays ``creditor``; amounts exclude tax.

    ``kind``: ``adjustment``, ``refund`` or ``penalty`` (outside consumption tax). ``charge``: the number of the charge that it corrects.
    ``within_left``: at most what its price has left. With the reason ``ended_early`` nothing is due of what was never paid in.
    """

    type = "adjustment.due"
    subject_field = "agreement"
    audience = seen_by("debtor", "creditor")

    adjustment: str
    agreement: str
    debtor: str
    creditor: str
    amount_minor: int
    currency: str
    reason_code: str
    kind: str = "adjustment"
    within_left: bool = False
    charge: int | None = None
