"""Enumerations of guarantees. Pure; other applications may import them."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class GuaranteeKind(TextChoices):
    """What stands behind a guarantee: the undertaking of its issuer, or the participant's own security deposit."""

    UNDERTAKING = "undertaking", Label("undertaking of a bank or a public body", "銀行・公的機関による保証")
    DEPOSIT_LIMIT = (
        "deposit_limit",
        Label("credit limit backed by a security deposit", "保証金を裏付けとする信用枠"),
    )


REGISTER_COMMAND = "clearing.register_guarantee"
REDUCE_COMMAND = "clearing.reduce_guarantee"
"""The commands that two people of the operator give."""
