"""Refusals of guarantees."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class GuaranteeInUse(DomainError):
    """A guarantee would be reduced below what is used of it. Fields: ``guarantee, used_minor``."""

    code = "guarantee_in_use"
    category = Category.CONFLICT
    field = "amount_minor"
    detail = Label(
        "{used_minor} of {guarantee} secures trades that are not paid yet: reduce it to that amount at least.",
        "{guarantee} のうち {used_minor} は未払いの取引を担保しています。この金額以上に減額してください。",
    )


class GuaranteeExpiresTooSoon(DomainError):
    """A guarantee is not valid from now until the trade can last fall due. Fields: ``guarantee, expires_at, due_by``."""

    code = "guarantee_expires_too_soon"
    category = Category.CONFLICT
    field = "expires_at"
    detail = Label(
        "expires_at: {guarantee} is valid from {valid_from} until {expires_at}, but the trade can fall due until {due_by}."
        " Have a longer guarantee registered, or pay in.",
        "expires_at: {guarantee} の有効期間は {valid_from} から {expires_at} までですが、取引の支払期日は最長 {due_by}"
        " です。より長い保証を登録するか、入金してください。",
    )


class BeyondGuarantee(DomainError):
    """A guarantee has too little room for a trade. Fields: ``guarantee, room_minor, needed_minor``."""

    code = "beyond_guarantee"
    category = Category.CONFLICT
    field = "amount_minor"
    detail = Label(
        "amount_minor: {needed_minor} is to be secured beyond the available money, but {guarantee} has room for {room_minor}.",
        "amount_minor: 利用可能額のほかに {needed_minor} の担保が必要ですが、{guarantee} の残枠は {room_minor} です。",
    )


class GuaranteeExpired(DomainError):
    """A guarantee has expired or was withdrawn: it secures no trade any more. Fields: ``guarantee``."""

    code = "guarantee_expired"
    category = Category.CONFLICT
    field = "expires_at"
    detail = Label(
        "expires_at: {guarantee} has expired or was withdrawn. Have another guarantee registered, or pay in.",
        "expires_at: {guarantee} は失効または取り下げられています。別の保証を登録するか、入金してください。",
    )
