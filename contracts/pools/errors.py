"""Errors of pools."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class PoolStands(DomainError):
    """The listing has a pool. Fields: ``pool``."""

    code = "pool_stands"
    category = Category.CONFLICT
    detail = Label(
        "The listing has the pool {pool} already: propose a version of it.",
        "この出品には既にプール {pool} があります。その新しい版を提案してください。",
    )


class VersionProposed(DomainError):
    """A version of the pool waits for signatures. Fields: ``version``."""

    code = "version_proposed"
    category = Category.CONFLICT
    detail = Label(
        "{version} waits for signatures: have it signed, or withdraw it first.",
        "{version} が署名待ちです。署名を得るか、先に撤回してください。",
    )


class NotAMember(DomainError):
    """The organisation cannot be, or is not, a member that may do this. Fields: ``organisation``."""

    code = "not_a_member"
    category = Category.CONFLICT
    detail = Label(
        "{organisation} is no member for whom this can be done: the lead cannot leave, and the operator, its affiliates and who is not admitted cannot join.",
        "{organisation} についてこの操作はできません。代表者は脱退できず、運営者とその関係会社、参加を承認されていない組織は加入できません。",
    )


class NotToSign(DomainError):
    """The organisation need not sign this version. Fields: ``version``."""

    code = "not_to_sign"
    category = Category.CONFLICT
    detail = Label("You need not sign {version}.", "{version} への貴組織の署名は不要です。")


class MembersCannotSign(DomainError):
    """Nobody may sign the version for some of who must. Fields: ``organisations``."""

    code = "members_cannot_sign"
    category = Category.CONFLICT
    detail = Label(
        "Nobody may sign for {organisations} now: leave them out of this version, or wait until they have a signatory.",
        "{organisations} には現在署名できる者がいません。この版から除くか、署名者が置かれるまでお待ちください。",
    )


class SignedForAnother(DomainError):
    """The person has signed the version for another organisation. Fields: ``version``."""

    code = "signed_for_another"
    category = Category.CONFLICT
    detail = Label(
        "You have signed {version} for another organisation: another person signs for this one.",
        "{version} には既に別の組織のために署名しています。この組織の署名は別の担当者が行ってください。",
    )
