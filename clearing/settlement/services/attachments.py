"""Shows on planned payments that attachments hold them back."""

from __future__ import annotations

from collections.abc import Collection

from ..attachments import attached_parties, attached_payments
from ..models import SettlementInstruction
from ..states import Hindrance, InstructionState, PaymentDirection


def hold_back_attached(organisation_id: int, currency: str) -> None:
    """Mark the planned payments to a participant that its attachments hold back, and no others.

    Called where an attachment, or what is planned or paid beside it, changes. What is not marked is not sent either.
    """
    planned = SettlementInstruction.objects.select_for_update(no_key=True).filter(
        organisation_id=organisation_id,
        currency=currency,
        direction=PaymentDirection.OUT,
        creditor_payment=None,
        state=InstructionState.PLANNED,
    )
    held = attached_payments([organisation_id], currency)
    for payment in planned.order_by("pk"):
        after = Hindrance.ATTACHED.value if payment.pk in held else ""
        if payment.held_back != after and (payment.pk in held or payment.held_back == Hindrance.ATTACHED):
            payment.held_back = after
            payment.save(update_fields=["held_back"])


def hold_back_where_attached(organisation_ids: Collection[int], currency: str) -> None:
    """``hold_back_attached`` for those of some participants that have an attachment in force."""
    for organisation_id in sorted(attached_parties(organisation_ids, currency)):
        hold_back_attached(organisation_id, currency)
