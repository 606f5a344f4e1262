"""Errors of seals."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class SealStands(DomainError):
    """The record is sealed on the same ground for as long. Fields: ``record``, ``seal``, ``review_at``."""

    code = "seal_stands"
    category = Category.CONFLICT
    detail = Label(
        "The record {record} is sealed on this ground and basis until {review_at} already ({seal}). To seal it longer, choose a"
        " day after that.",
        "記録 {record} は同じ事由・根拠により {review_at} まで封印されています（{seal}）。延長する場合は、それより後の日を指定"
        "してください。",
    )


class SealOver(DomainError):
    """The seal has ended. Fields: ``seal``."""

    code = "seal_over"
    category = Category.CONFLICT
    detail = Label(
        "The seal {seal} has ended. Seal the record again if law still keeps it secret.",
        "封印 {seal} は終了しています。引き続き秘匿が必要な場合は、改めて封印してください。",
    )
