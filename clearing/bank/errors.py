"""Refusals about bank entries."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class BankEntryChanged(DomainError):
    """A known bank entry has other values in this file. Fields: ``line, entry_reference``."""

    code = "bank_entry_changed"
    category = Category.CONFLICT
    field = "content"
    detail = Label(
        "Line {line}: the bank entry {entry_reference} was imported before with other values; nothing was imported.",
        "{line}行目: 入出金 {entry_reference} は別の内容で取込済みです。何も取り込まれていません。",
    )


class NotUnallocated(DomainError):
    """The bank entry is not a pay-in in suspense. Fields: ``bank_entry``."""

    code = "not_unallocated"
    category = Category.CONFLICT
    detail = Label("{bank_entry} is not a pay-in in suspense.", "{bank_entry} は仮受中の入金ではありません。")
