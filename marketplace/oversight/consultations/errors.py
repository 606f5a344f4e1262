"""Errors of the consultation desk."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class ConsultationOver(DomainError):
    """The question was answered or withdrawn. Fields: ``consultation``."""

    code = "consultation_over"
    category = Category.CONFLICT
    detail = Label(
        "{consultation} was answered or withdrawn already. Ask again, and name it in follows.",
        "相談 {consultation} は回答済みまたは取下げ済みです。follows に指定して、改めて相談してください。",
    )


class TooManyUnanswered(DomainError):
    """So many questions of the participant wait for an answer that no further one is taken. Fields: ``unanswered_max``."""

    code = "too_many_unanswered"
    category = Category.CONFLICT
    detail = Label(
        "{unanswered_max} questions of your organisation wait for an answer. Withdraw one, or wait.",
        "貴組織の未回答の相談が{unanswered_max}件あります。取り下げるか、回答をお待ちください。",
    )
