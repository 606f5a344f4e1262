"""Kinds, states and outcomes of cases. Pure; other applications may import them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine


class CaseKindCode(TextChoices):
    """What a case is about."""

    ADMISSION = "admission", Label("an application for admission on hold", "参加申請の保留")
    PUBLICATION = "publication", Label("a version of a listing on hold", "出品の保留")
    CONCLUSION = "conclusion", Label("the conclusion of an agreement on hold", "契約締結の保留")
    RESCREENING = (
        "rescreening",
        Label("an admission that a new rulebook would not give", "新規程の要件を満たさない参加承認"),
    )
    EXPULSION = "expulsion", Label("an expulsion that a dispute proposes", "異議の裁定による除名の提案")
    APPEAL = "appeal", Label("an appeal", "不服申立て")


class CaseState(TextChoices):
    """The state of a case."""

    OPEN = "open", Label("waits for the decision of two people", "二名による判断待ち")
    RESOLVED = "resolved", Label("decided by two people", "判断済み")
    WITHDRAWN = "withdrawn", Label("withdrawn by the participant", "取下げ")
    MOOT = "moot", Label("no longer needed", "判断不要")


CASE = StateMachine(
    name="cases.case",
    states=CaseState,
    initial=frozenset({CaseState.OPEN}),
    table={
        (CaseState.OPEN, "resolve", "operator"): CaseState.RESOLVED,
        (CaseState.OPEN, "withdraw", "participant"): CaseState.WITHDRAWN,
        (CaseState.OPEN, "drop", "system"): CaseState.MOOT,
    },
)


class CaseOutcome(TextChoices):
    """How two people decided a case: what is on hold is allowed or denied, an admission kept or ended, what is appealed upheld or changed."""

    ALLOW = "allow", Label("allowed", "許可")
    DENY = "deny", Label("denied", "拒否")
    KEEP = "keep", Label("kept until a stated day", "期限を定めて維持")
    END = "end", Label("ended", "終了")
    UPHELD = "upheld", Label("the first decision stands", "原判断を維持")
    CHANGED = "changed", Label("the first decision is changed", "原判断を変更")


OUTCOMES: Final = {
    CaseKindCode.ADMISSION.value: (CaseOutcome.ALLOW.value, CaseOutcome.DENY.value),
    CaseKindCode.PUBLICATION.value: (CaseOutcome.ALLOW.value, CaseOutcome.DENY.value),
    CaseKindCode.CONCLUSION.value: (CaseOutcome.ALLOW.value, CaseOutcome.DENY.value),
    CaseKindCode.RESCREENING.value: (CaseOutcome.KEEP.value, CaseOutcome.END.value),
    CaseKindCode.EXPULSION.value: (CaseOutcome.ALLOW.value, CaseOutcome.END.value),
    CaseKindCode.APPEAL.value: (CaseOutcome.UPHELD.value, CaseOutcome.CHANGED.value),
}
"""Which outcomes each kind of case may have."""
HELD: Final = (
    CaseKindCode.ADMISSION.value,
    CaseKindCode.PUBLICATION.value,
    CaseKindCode.CONCLUSION.value,
    CaseKindCode.RESCREENING.value,
    CaseKindCode.EXPULSION.value,
)
"""Kinds of cases of what the rules put on hold or would no longer give, and of whom a dispute proposes to expel."""
AGAINST: Final = (CaseOutcome.DENY.value, CaseOutcome.END.value)
"""Outcomes against who waits, which it may appeal."""
KEPT_MAX: Final = timedelta(days=366)
"""For how long two people may keep an admission that a rulebook would not give; then it is looked at again."""
APPEALED: Final = {"cas": "case", "dec": "decision", "sus": "suspension", "orl": "relation"}
"""What can be appealed, by the prefix of its identifier."""
