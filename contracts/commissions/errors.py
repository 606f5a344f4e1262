"""Errors of commissioned work."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class ReducedWithoutFault(DomainError):
    """The price of commissioned work is not reduced before a fault of its seller is recorded. Fields: ``agreement``."""

    code = "reduced_without_fault"
    category = Category.CONFLICT
    field = "amount_minor"
    detail = Label(
        "{agreement} is commissioned work: its price is reduced, or given back, once the seller admits a fault (seller-faults/) or a dispute"
        " decides it.",
        "{agreement} は委託による成果物です。提供者が責めに帰すべき事由を認める（seller-faults/）か、異議の裁定があるまで、代金を減額・返金できません。",
    )


class NotCommissioned(DomainError):
    """The agreement is no commissioned work that a law protects. Fields: ``agreement``."""

    code = "not_commissioned"
    category = Category.CONFLICT
    detail = Label(
        "{agreement} is no commissioned work that a law protects.",
        "{agreement} は、法令の適用を受ける委託による成果物ではありません。",
    )


class TalkOpen(DomainError):
    """A talk about the price of this negotiation is open already. Fields: ``talk``."""

    code = "talk_open"
    category = Category.CONFLICT
    detail = Label(
        "{talk} about this price is open already; the buyer is to answer it.",
        "この価格についての協議 {talk} は既に始まっています。利用者の回答を待ってください。",
    )
