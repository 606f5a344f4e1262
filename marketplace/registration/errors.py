"""Refusals of registration."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class TooManyDrafts(DomainError):
    """One client address prepares too many applications at once. Fields: ``count``."""

    code = "too_many_drafts"
    category = Category.EXHAUSTED
    detail = Label(
        "{count} applications from your network are being prepared. Submit one of them, or wait until it lapses.",
        "お使いのネットワークから{count}件の申請が作成中です。いずれかを提出するか、失効をお待ちください。",
    )


class CodesUsedUp(DomainError):
    """No further code is sent for the application. Fields: ``count``."""

    code = "codes_used_up"
    category = Category.EXHAUSTED
    detail = Label(
        "{count} codes were sent for this application, and no other is. Begin a new application.",
        "この申請には確認コードを{count}回送信しました。これ以上は送信できません。新たに申請してください。",
    )


class CodeWrong(DomainError):
    """The code is wrong, too old, or was tried too often. The attempt is on record."""

    code = "code_wrong"
    category = Category.INVALID
    field = "code"
    is_recorded = True
    detail = Label(
        "The code is wrong or no longer valid. Check the newest mail, or have another code sent.",
        "確認コードが誤っているか、有効期限が切れています。最新のメールを確認するか、再送信してください。",
    )


class EmailUnproved(DomainError):
    """The mail address of the application is not proved yet."""

    code = "email_unproved"
    category = Category.CONFLICT
    detail = Label(
        "Prove the e-mail address first, with the code that was sent to it.",
        "先に、メールで届いた確認コードによりメールアドレスを確認してください。",
    )


class TooManyDocuments(DomainError):
    """The application has as many supporting documents as it may have. Fields: ``count``."""

    code = "too_many_documents"
    category = Category.CONFLICT
    field = "file"
    detail = Label("An application has at most {count} documents.", "添付できる書類は{count}点までです。")


class ApplicationIncomplete(DomainError):
    """The application lacks something. Fields: ``missing`` (codes)."""

    code = "application_incomplete"
    category = Category.CONFLICT

    detail = Label("The application lacks: {words}.", "申請に不足があります: {words}")

    def __init__(self, *, missing: dict[str, Label]) -> None:
        """``missing``: what lacks, as code and words."""
        joined = Label(", ".join(missing.values()), "、".join(each.ja for each in missing.values()))
        super().__init__(missing=sorted(missing), words=joined)
        del self.fields["words"]


class ScreeningNotEnded(DomainError):
    """The screening has not ended. Fields: ``screening``."""

    code = "screening_not_ended"
    category = Category.CONFLICT
    detail = Label(
        "{screening} has not ended. Read it again in a moment.",
        "{screening} はまだ完了していません。しばらくしてから再度確認してください。",
    )


class ProposerMayNoMore(DomainError):
    """Who proposed to accept an application no longer decides who takes part. Fields: ``proposed_by``."""

    code = "proposer_may_no_more"
    category = Category.CONFLICT
    detail = Label(
        "{proposed_by} proposed this and no longer has the role for it. Return the application to review and propose it anew.",
        "{proposed_by} が承認を提案しましたが、現在はその役割がありません。審査に差し戻し、改めて提案してください。",
    )
