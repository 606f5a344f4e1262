"""Which planned payments sanctions hold back. Reads only."""

from __future__ import annotations

from collections.abc import Collection

from marketplace.participants.suspension_queries import held_from_payment

from .models import SettlementInstruction
from .sanction_models import PaymentPermission


def sanctioned_payments(payments: Collection[SettlementInstruction]) -> set[int]:
    """Keys of those of ``payments`` whose participant may not be paid, and which no authority permitted.

    Payments to creditors of such a participant are its money too.
    """
    held = held_from_payment({payment.organisation_id for payment in payments})
    keys = {payment.pk for payment in payments if payment.organisation_id in held}
    if not keys:
        return set()
    permitted = PaymentPermission.objects.filter(payment__in=keys)
    return keys - set(permitted.values_list("payment_id", flat=True))
