"""Shows on planned payments that attachments hold them back."""

from __future__ import annotations

from ..attachments import attached_payments
from ..models import SettlementInstruction
from ..states import Hindrance, InstructionState, PaymentDirection


def hold_back_attached(organisation_id: int, currency: str) -> None:
    """Mark the planned payments to a participant that its attachments hold back, and no others. The caller holds ``MOVER_LOCK``."""
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
        if payment.pk in held or payment.held_back == Hindrance.ATTACHED:
            payment.held_back = after
            payment.save(update_fields=["held_back"])
