"""Refusals of the bank's entries."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class BookingChanged(DomainError):
    """A booking known under this reference reads otherwise now. Fields: ``line, entry_reference``."""

    code = "booking_changed"
    category = Category.CONFLICT
    field = "content"
    detail = Label(
        "Line {line}: the booking {entry_reference} was imported before with other values; nothing was imported.",
        "{line}行目: 記帳 {entry_reference} は別の内容で取込済みです。何も取り込まれていません。",
    )


class NotUnallocated(DomainError):
    """The booking is not a receipt that waits for its owner. Fields: ``bank_entry``."""

    code = "not_unallocated"
    category = Category.CONFLICT
    detail = Label(
        "{bank_entry} is not an unallocated receipt.", "{bank_entry} は未照合の入金ではありません。"
    )
