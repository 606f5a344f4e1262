"""Errors of the clause on law."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class LeftUnlawful(DomainError):
    """Agreements with unlawful terms could not be followed. Fields: ``agreement``, ``left``."""

    code = "left_unlawful"
    category = Category.CONFLICT
    detail = Label(
        "{left} agreements with terms that a new rulebook makes unlawful could not be followed, {agreement} first. See why in the log of"
        " contracts.follow_law.",
        "新規程により違法となった条件を含む契約が{left}件処理できていません（最初の契約: {agreement}）。contracts.follow_law のログで原因を確認してください。",
    )
