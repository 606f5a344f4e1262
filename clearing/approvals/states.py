"""States of approvals. Pure; other applications may import them."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine


class ApprovalState(TextChoices):
    """States of a command that needs a second person."""

    PENDING = "pending", Label("waits for a second person", "二人目の承認待ち")
    APPROVED = "approved", Label("carried out by two people", "二名により実行済み")
    EXPIRED = "expired", Label("not countersigned in time", "期限切れ")
    WITHDRAWN = "withdrawn", Label("withdrawn", "取下げ")


APPROVAL = StateMachine(
    name="clearing.approval",
    states=ApprovalState,
    initial=frozenset({ApprovalState.PENDING}),
    table={
        (ApprovalState.PENDING, "approve", "operator"): ApprovalState.APPROVED,
        (ApprovalState.PENDING, "withdraw", "operator"): ApprovalState.WITHDRAWN,
        (ApprovalState.PENDING, "expire", "system"): ApprovalState.EXPIRED,
    },
)
