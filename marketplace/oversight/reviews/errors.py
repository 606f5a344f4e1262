"""Errors of reviews."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class ReviewClosed(DomainError):
    """The review was closed already. Fields: ``review``."""

    code = "review_closed"
    category = Category.CONFLICT
    detail = Label(
        "Review {review} was closed already. If the same is noticed again, it opens another one.",
        "検知事項 {review} は終了済みです。同じ事象が再び検知された場合は、新たに登録されます。",
    )
