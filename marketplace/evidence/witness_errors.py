"""Refusals of witnesses and their cosignatures."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class CosignatureInvalid(DomainError):
    """The line is no cosignature of the checkpoint by a registered witness. Fields: ``reason`` (a Label)."""

    code = "cosignature_invalid"
    field = "cosignature"
    detail = Label("The cosignature is not valid: {reason}.", "連署が有効ではありません（{reason}）。")


class WitnessTaken(DomainError):
    """Another witness has the name, or has had the key. Fields: ``name``."""

    code = "witness_taken"
    category = Category.CONFLICT
    field = "verifier_key"
    detail = Label(
        "The name {name} or its key is registered already. Use another name, or a new key.",
        "名称 {name} またはその鍵は登録済みです。別の名称か新しい鍵を使用してください。",
    )


class TooManyWitnesses(DomainError):
    """The organisation has as many witnesses as it may. Fields: ``count``."""

    code = "too_many_witnesses"
    category = Category.CONFLICT
    detail = Label(
        "Your organisation has {count} witnesses already. End one first.",
        "貴組織の証人は既に{count}件あります。先にいずれかを終了してください。",
    )


class WitnessEnded(DomainError):
    """The witness was ended before. Fields: ``witness``."""

    code = "witness_ended"
    category = Category.CONFLICT
    detail = Label("The witness {witness} has ended.", "証人 {witness} は既に終了しています。")
