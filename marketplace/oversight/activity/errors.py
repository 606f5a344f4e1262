"""Errors of activity records."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class AskedTooOften(DomainError):
    """The participant asked as often as it may in a day. Fields: ``per_day_max``."""

    code = "asked_too_often"
    category = Category.CONFLICT
    detail = Label(
        "Your organisation asked {per_day_max} times within 24 hours. Use the file that was made, or ask later.",
        "24時間以内の作成は{per_day_max}回までです。作成済みのファイルを利用するか、時間をおいて再度お試しください。",
    )


class RecordsNotReady(DomainError):
    """The records are not made yet, could not be made, or are kept no longer. Fields: ``record``."""

    code = "records_not_ready"
    category = Category.CONFLICT
    detail = Label(
        "There is no file of {record}: it is being made, could not be made, or is kept no longer. Read its state.",
        "{record} のファイルはありません。作成中、作成失敗、または保存期間が終了しています。状態を確認してください。",
    )


class RecordsTooLarge(Exception):
    """The records of a participant are more than one file holds."""
