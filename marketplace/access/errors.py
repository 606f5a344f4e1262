"""Errors of staff accesses."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class AccessOver(DomainError):
    """The access has ended or its hours are over. Fields: ``access``."""

    code = "access_over"
    category = Category.CONFLICT
    detail = Label(
        "The access {access} is over. Open another one with its own reason.",
        "閲覧 {access} は終了しています。必要な場合は、改めて理由を付して開始してください。",
    )


class AccessTold(DomainError):
    """The participant was told of the access already. Fields: ``access``."""

    code = "access_told"
    category = Category.CONFLICT
    detail = Label(
        "The participant was told of {access} already. Nothing is deferred any more.",
        "閲覧 {access} は参加者に通知済みです。通知を延期することはできません。",
    )


class ReviewOver(DomainError):
    """The review date of a deferred notice has passed. Fields: ``access``, ``review_at``."""

    code = "review_over"
    category = Category.CONFLICT
    detail = Label(
        "The review date of {access} has passed ({review_at}), so the participant is told.",
        "閲覧 {access} の見直し期日（{review_at}）を過ぎたため、参加者に通知されます。",
    )


class AccessExhausted(DomainError):
    """As many subjects were read under the access as one may read. Fields: ``access``, ``subjects_max``."""

    code = "access_exhausted"
    category = Category.FORBIDDEN
    detail = Label(
        "The access {access} covers {subjects_max} subjects, and this would be more. Narrow the list by its filters or page_size,"
        " or open another access with its own reason.",
        "閲覧 {access} の対象は{subjects_max}件までです。絞り込み条件や page_size で対象を減らすか、改めて理由を付して開始してください。",
    )
