"""States of approvals. Pure; other applications may import them."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine

MEMBER: Final = "member"
"""The role of whoever acts for the organisation that an approval belongs to."""

FIRST_ACTS: Final = "approval_first_acts"
SECOND_ACTS: Final = "approval_second_acts"
"""What the guard says was violated: the first, or the second person, may not do what is approved
(``participants.acting``)."""


class ApprovalState(TextChoices):
    """States of a command that needs a second person."""

    PENDING = "pending", Label("waits for a second person", "二人目の承認待ち")
    APPROVED = "approved", Label("carried out by two people", "二名により実行済み")
    EXPIRED = "expired", Label("not countersigned in time", "期限切れ")
    WITHDRAWN = "withdrawn", Label("withdrawn", "取下げ")


APPROVAL = StateMachine(
    name="approvals.approval",
    states=ApprovalState,
    initial=frozenset({ApprovalState.PENDING}),
    table={
        (ApprovalState.PENDING, "approve", MEMBER): ApprovalState.APPROVED,
        (ApprovalState.PENDING, "withdraw", MEMBER): ApprovalState.WITHDRAWN,
        (ApprovalState.PENDING, "expire", "system"): ApprovalState.EXPIRED,
    },
)
