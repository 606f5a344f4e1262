"""States of the duty to delete after an agreement's end."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine


class DeletionState(TextChoices):
    """The state of a duty to delete."""

    OPEN = "open", Label("to be certified", "消去証明の提出待ち")
    OVERDUE = "overdue", Label("overdue; the operator looks into it", "期限超過・運営者が確認中")
    CERTIFIED = "certified", Label("deletion certified", "消去証明済み")


DELETION = StateMachine(
    name="contracts.deletion",
    states=DeletionState,
    initial=frozenset({DeletionState.OPEN}),
    table={
        (DeletionState.OPEN, "certify", "buyer"): DeletionState.CERTIFIED,
        (DeletionState.OPEN, "escalate", "system"): DeletionState.OVERDUE,
        (DeletionState.OVERDUE, "certify", "buyer"): DeletionState.CERTIFIED,
    },
)
