"""Events of clearing about payments that came back, and about the operator's reserve."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import EVERYONE, Event, seen_by


@dataclass(frozen=True, kw_only=True)
class PaymentReturned(Event):
    """The bank did not make a payment, or returned it. What it was to pay stays due to ``organisation``.

    ``restraint`` is the attachment whose creditor it was to pay, if any: then the amount stays attached.
    """

    type = "payment.returned"
    subject_field = "instruction"
    audience = seen_by("organisation")

    instruction: str
    organisation: str
    reference: str
    amount_minor: int
    currency: str
    restraint: str | None


@dataclass(frozen=True, kw_only=True)
class ReturnSettled(Event):
    """A payment that came back was planned again, or the bank carried it out after all (``confirmed``)."""

    type = "payment.return_settled"
    subject_field = "instruction"
    audience = seen_by("organisation")

    instruction: str
    organisation: str
    outcome: str


@dataclass(frozen=True, kw_only=True)
class ReturnSetOff(Event):
    """``amount_minor`` of a payment that came back was set off against what its payee owes in ``cycle``.

    ``reference`` is that of the payment; ``remainder_minor`` of it stays due, until the operator plans it again.
    """

    type = "payment.return_set_off"
    subject_field = "instruction"
    audience = seen_by("organisation")

    instruction: str
    organisation: str
    cycle: str
    reference: str
    amount_minor: int
    remainder_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class ReserveReductionAnnounced(Event):
    """Two people of the operator decided to lower its reserve by ``amount_minor``, from ``effective_from`` on."""

    type = "reserve.reduction_announced"
    subject_field = "reduction"
    audience = EVERYONE

    reduction: str
    amount_minor: int
    currency: str
    effective_from: str


@dataclass(frozen=True, kw_only=True)
class ReserveLowered(Event):
    """The operator's reserve was lowered by ``amount_minor``, as announced."""

    type = "reserve.lowered"
    subject_field = "reduction"
    audience = EVERYONE

    reduction: str
    amount_minor: int
    currency: str
