"""Choices of commissioned work."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine


class FaultGround(TextChoices):
    """What the seller of commissioned work answers for, without which its price is not reduced."""

    LATE = "late", Label("delivered late", "納期の遅れ")
    DEFECTIVE = "defective", Label("not of the agreed quality", "品質が合意した内容に適合しない")
    INCOMPLETE = "incomplete", Label("incomplete", "給付の不足")
    OTHER = "other", Label("another fault of the seller", "その他提供者の責めに帰すべき事由")


class TalkState(TextChoices):
    """The state of a talk about the price of commissioned work."""

    OPEN = "open", Label("waits for the buyer", "利用者の回答待ち")
    UNANSWERED = "unanswered", Label("not answered in time", "期限内に回答なし")
    ANSWERED = "answered", Label("answered", "回答済み")
    DROPPED = "dropped", Label("over, because the contract is", "契約の終了により終了")


class TalkAnswer(TextChoices):
    """What the buyer answers to a talk about the price."""

    AGREED = "agreed", Label("agreed", "応じる")
    PARTLY = "partly", Label("agreed in part", "一部応じる")
    REFUSED = "refused", Label("refused", "応じない")


class TalkFlag(TextChoices):
    """What the law forbids of an answer: to decide the price alone, without talking or without reasons."""

    SILENCE = "silence", Label("no answer in time", "期限内に協議に応じない")
    NO_REASONS = "no_reasons", Label("refused without reasons", "理由の説明のない拒否")


TALK = StateMachine(
    name="contracts.price_talk",
    states=TalkState,
    initial=frozenset({TalkState.OPEN}),
    table={
        (TalkState.OPEN, "answer", "buyer"): TalkState.ANSWERED,
        (TalkState.OPEN, "flag", "system"): TalkState.UNANSWERED,
        (TalkState.OPEN, "drop", "system"): TalkState.DROPPED,
        (TalkState.UNANSWERED, "answer", "buyer"): TalkState.ANSWERED,
        (TalkState.UNANSWERED, "drop", "system"): TalkState.DROPPED,
    },
)
ANSWER_DAYS = 14
"""Calendar days within which the buyer answers; the day of the question is not counted."""
