"""Event handlers that open and close the operator's tasks about what the bank booked."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.banking import DebitExplained, DebitUnexplained

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
