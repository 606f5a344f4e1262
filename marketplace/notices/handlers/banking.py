"""Event handlers that open and close the operator's tasks about what the bank booked."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.banking import (
    CertificateAgreed,
    CertificateDiffers,
    DebitExplained,
    DebitUnexplained,
)

from .. import texts
from ..formats import format_amount
from ..operator_tasks import ask_operator, finish_for_operator
from ..states import TaskKind
from ..texts import fill_label


def on_debit_unexplained(event: DebitUnexplained, envelope: Envelope) -> None:
    """Open the operator's task to find out what the bank debited, and to book it with a second person."""
    ask_operator(
        TaskKind.EXPLAIN,
        event.bank_entry,
        amount=format_amount(event.amount_minor, event.currency),
        day=event.booked_on,
        entry=event.bank_entry,
        why=fill_label(texts.DEBIT_UNEXPLAINED[event.reason_code], reference=event.reference).as_dict(),
    )


def on_debit_explained(event: DebitExplained, envelope: Envelope) -> None:
    """Close the operator's task: two people booked the debit."""
    finish_for_operator(TaskKind.EXPLAIN, event.bank_entry)


def on_certificate_differs(event: CertificateDiffers, envelope: Envelope) -> None:
    """Open the operator's task to find the difference from the bank's certificate of a month."""
    ask_operator(
        TaskKind.CERTIFY,
        event.certificate,
        thread=f"certificate:{event.currency}:{event.month}",
        month=event.month,
        difference=format_amount(event.difference_minor, event.currency),
    )


def on_certificate_agreed(event: CertificateAgreed, envelope: Envelope) -> None:
    """Close the operator's task: a later certificate of the month agrees with the ledger."""
    finish_for_operator(TaskKind.CERTIFY, f"certificate:{event.currency}:{event.month}")
