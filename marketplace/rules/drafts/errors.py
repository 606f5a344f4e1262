"""Refusals of drafts of the rulebook."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class DraftChanged(DomainError):
    """Somebody changed the draft since the caller read it. Fields: ``draft``, ``current``."""

    code = "draft_changed"
    category = Category.CONFLICT
    detail = Label(
        "{draft} was changed meanwhile: it is {current} now. Read it again, then repeat the command.",
        "{draft} は他の担当者が変更しました（現在: {current}）。最新の内容を確認してから、もう一度操作してください。",
    )


class DraftEnded(DomainError):
    """The draft is published or withdrawn. Fields: ``draft``, ``state``."""

    code = "draft_ended"
    category = Category.CONFLICT
    detail = Label(
        "{draft} is {state}. Draft the change anew.",
        "{draft} は終了しています（{state}）。新たに起案してください。",
    )


class DraftNotPreviewed(DomainError):
    """The draft has no impact report of its present text. Fields: ``draft``."""

    code = "draft_not_previewed"
    category = Category.CONFLICT
    detail = Label(
        "{draft} has no impact report of its present text. Ask for a preview, and read it, before you publish.",
        "{draft} には現在の内容に対する影響報告がありません。公表前にプレビューを実行し、内容を確認してください。",
    )


class ReportTooOld(DomainError):
    """The impact report says whom the draft would have affected too long ago. Fields: ``draft``, ``days``."""

    code = "report_too_old"
    category = Category.CONFLICT
    detail = Label(
        "The impact report of {draft} is more than {days} days old, and others take part now. Ask for a new preview, and read it.",
        "{draft} の影響報告は作成から{days}日を超えており、現在の参加者と異なる可能性があります。再度プレビューを実行し、内容を確認してください。",
    )


class WarningsNotAcknowledged(DomainError):
    """Whoever publishes acknowledges every warning. Fields: ``missing``."""

    code = "warnings_not_acknowledged"
    field = "acknowledged"
    detail = Label(
        "Acknowledge these warnings of the impact report, or change the draft: {missing}",
        "影響報告の次の警告を確認のうえ承認するか、起案を修正してください: {missing}",
    )
