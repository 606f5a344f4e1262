"""Errors of renewals."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class NoRenewal(DomainError):
    """The agreement is not renewed by itself, or no more. Fields: ``agreement``."""

    code = "no_renewal"
    category = Category.CONFLICT
    detail = Label(
        "{agreement} is not renewed by itself: it ends with its term.",
        "{agreement} は自動更新されません。期間満了により終了します。",
    )


class RenewalOver(DomainError):
    """The time to refuse the renewal is over. Fields: ``agreement``, ``notice_by``."""

    code = "renewal_over"
    category = Category.CONFLICT
    detail = Label(
        "The renewal of {agreement} could be refused before {notice_by}. End the agreement by notice or by agreement instead.",
        "{agreement} の更新を拒絶できる期限（{notice_by}）を過ぎています。通知または合意による終了をご検討ください。",
    )
