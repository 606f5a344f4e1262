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
