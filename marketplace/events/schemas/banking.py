"""Events of clearing about what the bank booked."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import OPERATOR_ONLY, Event


@dataclass(frozen=True, kw_only=True)
class DebitUnexplained(Event):
    """The bank debited the client account, and no payment of the market explains it.

    ``reason_code`` is why not (a mismatch code of the bank entry), ``reference`` the payment that it names, if any.
    """

    type = "debit.unexplained"
    subject_field = "bank_entry"
    audience = OPERATOR_ONLY

    bank_entry: str
    amount_minor: int
    currency: str
    booked_on: str
    reason_code: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class DebitExplained(Event):
    """Two people of the operator booked a debit in suspense. ``booked_as``: ``bank_fee``, ``reclaimed``, ``paid_twice``."""

    type = "debit.explained"
    subject_field = "bank_entry"
    audience = OPERATOR_ONLY

    bank_entry: str
    booked_as: str


@dataclass(frozen=True, kw_only=True)
class CertificateDiffers(Event):
    """The bank certified another balance for the end of a month (``YYYY-MM``) than the ledger had; the bank's less the ledger's."""

    type = "certificate.differs"
    subject_field = "currency"
    audience = OPERATOR_ONLY

    certificate: str
    currency: str
    month: str
    difference_minor: int


@dataclass(frozen=True, kw_only=True)
class CertificateAgreed(Event):
    """The bank certified the ledger's balance for the end of a month (``YYYY-MM``)."""

    type = "certificate.agreed"
    subject_field = "currency"
    audience = OPERATOR_ONLY

    certificate: str
    currency: str
    month: str
