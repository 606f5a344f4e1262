"""Errors of legal holds."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class HoldLifted(DomainError):
    """The hold was lifted already. Fields: ``hold``."""

    code = "hold_lifted"
    category = Category.CONFLICT
    detail = Label(
        "The legal hold {hold} was lifted already. Open another one if something must be kept again.",
        "保全 {hold} は解除済みです。再び保全が必要な場合は、新たに開始してください。",
    )
