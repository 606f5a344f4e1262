"""Errors of the organisations' keys."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class KeyTaken(DomainError):
    """The key is registered already, live or revoked. Fields: ``kid``."""

    code = "key_taken"
    category = Category.CONFLICT
    field = "jwk"
    detail = Label(
        "The key {kid} is registered already, or was revoked. Make another one.",
        "鍵 {kid} は登録済み、または失効済みです。新しい鍵を作成してください。",
    )


class KeyRevoked(DomainError):
    """The key is revoked already. Fields: ``key``."""

    code = "key_revoked"
    category = Category.CONFLICT
    detail = Label("The key {key} was revoked already.", "鍵 {key} は既に失効しています。")


class TooManyKeys(DomainError):
    """The organisation has as many live keys as it may. Fields: ``count``."""

    code = "too_many_keys"
    category = Category.CONFLICT
    detail = Label(
        "Your organisation has {count} live keys. Revoke one, or replace it.",
        "有効な鍵が {count} 個あります。不要な鍵を失効させるか、更新してください。",
    )
