"""Errors of legal holds."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class HoldStands(DomainError):
    """The same hold stands, for the same reference. Fields: ``hold``."""

    code = "hold_stands"
    category = Category.CONFLICT
    detail = Label(
        "{hold} keeps this already for the same reference. Use it, or state another reference.",
        "同じ文書番号による保全 {hold} が既に有効です。そちらを使うか、別の文書番号を指定してください。",
    )


class HoldLifted(DomainError):
    """The hold was lifted already. Fields: ``hold``."""

    code = "hold_lifted"
    category = Category.CONFLICT
    detail = Label(
        "The legal hold {hold} was lifted already. Open another one if something must be kept again.",
        "保全 {hold} は解除済みです。再び保全が必要な場合は、新たに開始してください。",
    )
