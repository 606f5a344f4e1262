"""Enumerations of participants' funds. Pure; other applications may import them."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class FundsDecisionKind(TextChoices):
    """Decisions on a participant's own money, or on what it owes the reserve."""

    DEPOSIT_PAID = "deposit_paid", Label("security deposit paid", "保証金の差入れ")
    DEPOSIT_RELEASED = "deposit_released", Label("security deposit released", "保証金の返還")
    CLAIM_WRITTEN_OFF = "claim_written_off", Label("claim written off", "求償債権の貸倒処理")


APPROVED_COMMANDS = {
    FundsDecisionKind.DEPOSIT_RELEASED: "clearing.deposit_release",
    FundsDecisionKind.CLAIM_WRITTEN_OFF: "clearing.write_off",
}
"""The commands of the operator that need a second person on a large amount; a deposit is paid by its owner."""
