"""Errors of what takes two people: who the first and the second may be."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class FirstPersonGone(DomainError):
    """Who gave a command of two people first may give it no more. Fields: ``first``."""

    code = "first_person_gone"
    category = Category.CONFLICT
    detail = Label(
        "{first} gave this first and no longer has the role for it. Withdraw or stop it, and give it anew.",
        "{first} が先に行いましたが、現在はその役割がありません。取り下げまたは中止のうえ、改めて行ってください。",
    )


class NobodyReleases(DomainError):
    """The lock of this login could not be released. Fields: ``person``."""

    code = "nobody_releases"
    category = Category.CONFLICT
    field = "person"
    detail = Label(
        "Beside you and {person}, fewer than two people of admission, and fewer than two owners, could release this login."
        " Have an owner end the membership, or give the role of admission to others first.",
        "あなたと {person} を除くと、停止を解除できる審査担当者・代表管理者がいずれも二人未満です。代表管理者に所属の終了を"
        "依頼するか、先に審査の役割を他の担当者に付与してください。",
    )


class RoleTooNew(DomainError):
    """The colleague got the role for this too lately to confirm what another proposed. Fields: ``confirms_from``."""

    code = "role_too_new"
    category = Category.CONFLICT
    detail = Label(
        "Who confirms a payout account has held the role for it for seven days: you confirm from {confirms_from}, or a colleague"
        " who has held it longer does.",
        "振込先口座を確認できるのは、権限のある役割を7日以上持つ構成員です。{confirms_from} 以降に確認するか、以前から役割を持つ"
        "別の構成員が確認してください。",
    )
