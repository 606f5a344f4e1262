"""Events of clearing about payments that came back."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event, seen_by


@dataclass(frozen=True, kw_only=True)
class PaymentReturned(Event):
    """The bank did not make a payment, or returned it. What it was to pay stays due to ``organisation``."""

    type = "payment.returned"
    subject_field = "instruction"
    audience = seen_by("organisation")

    instruction: str
    organisation: str
    reference: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class ReturnSettled(Event):
    """A payment that came back was planned again, or the bank carried it out after all (``confirmed``)."""

    type = "payment.return_settled"
    subject_field = "instruction"
    audience = seen_by("organisation")

    instruction: str
    organisation: str
    outcome: str
