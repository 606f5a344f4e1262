"""Errors of seals."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class SealOver(DomainError):
    """The seal has ended. Fields: ``seal``."""

    code = "seal_over"
    category = Category.CONFLICT
    detail = Label(
        "The seal {seal} has ended. Seal the record again if law still keeps it secret.",
        "封印 {seal} は終了しています。引き続き秘匿が必要な場合は、改めて封印してください。",
    )
