"""States of what law asks of an agreement in force. Pure."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine


class LawAdjustmentState(TextChoices):
    """Whether an unlawful term still stands."""

    OPEN = "open", Label("to be amended until its day", "期限までの変更待ち")
    AMENDED = "amended", Label("amended by both parties", "双方により変更済み")
    LIFTED = "lifted", Label("lawful again under a later rulebook", "後の規程により適法")
    OVER = "over", Label("the agreement has ended", "契約終了")


LAW_ADJUSTMENT = StateMachine(
    name="contracts.law_adjustment",
    states=LawAdjustmentState,
    initial=frozenset({LawAdjustmentState.OPEN}),
    table={
        (LawAdjustmentState.OPEN, "amend", "system"): LawAdjustmentState.AMENDED,
        (LawAdjustmentState.OPEN, "lift", "system"): LawAdjustmentState.LIFTED,
        (LawAdjustmentState.OPEN, "end", "system"): LawAdjustmentState.OVER,
    },
)
GRACE = "law_grace_days"
"""The parameter of the rulebook: calendar days within which both parties amend."""
