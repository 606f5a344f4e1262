"""Refusals of evidence."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class EvidenceTooLong(DomainError):
    """The payload of a record exceeds its limit. Fields: ``kind``, ``bytes``, ``bytes_max``."""

    code = "evidence_too_long"
    detail = Label(
        "The evidence of {kind} takes {bytes} bytes; at most {bytes_max} can be recorded. Shorten what you send.",
        "{kind} の証跡は {bytes} バイトで、記録できる上限 {bytes_max} バイトを超えています。送信内容を短くしてください。",
    )


class EvidenceNotCanonical(DomainError):
    """The payload of a record has no canonical JSON (RFC 8785). Fields: ``kind``, ``reason``."""

    code = "evidence_not_canonical"
    detail = Label(
        "The evidence of {kind} cannot be recorded: {reason}. Use whole numbers up to 9007199254740991 and valid text.",
        "{kind} の証跡を記録できません（{reason}）。整数は 9007199254740991 以下とし、正しい文字列を使ってください。",
    )


class NotInCheckpoint(DomainError):
    """No signed checkpoint covers the record yet. Fields: ``record``."""

    code = "not_in_checkpoint"
    category = Category.CONFLICT
    detail = Label(
        "No signed checkpoint covers {record} yet. Try again after the next checkpoint, within about an hour.",
        "{record} を含む署名付きチェックポイントはまだありません。次のチェックポイント（約1時間以内）の後に再度お試しください。",
    )


class SignatureInvalid(DomainError):
    """A signature is not valid under the market's key."""

    code = "signature_invalid"
    detail = Label(
        "The signature is not valid under the market's key.", "市場の鍵による署名の検証に失敗しました。"
    )


class KeyUnknown(SignatureInvalid):
    """A signature names a key that the market has never had. Fields: ``key``."""

    code = "key_unknown"
    detail = Label(
        "The key {key} is none that the market has published. Compare with the history of its keys (evidence/keys/).",
        "鍵 {key} は市場が公開した鍵ではありません。鍵の履歴（evidence/keys/）と照合してください。",
    )


class KeyNotInForce(DomainError):
    """The settings have another key than the one in force. Fields: ``key``."""

    code = "key_not_in_force"
    category = Category.CONFLICT
    detail = Label(
        "The signing key {key} of the settings is not the one in force. Announce it by two people, enter it into the history by"
        " the command rotate_market_key, or restart the processes with the key in force.",
        "設定の署名鍵 {key} は有効な鍵ではありません。二名で公表したうえでコマンド rotate_market_key により履歴に登録するか、"
        "有効な鍵でプロセスを再起動してください。",
    )


class KeyNotAnnounced(DomainError):
    """The key may not sign yet. Fields: ``key``, ``reason`` (a Label)."""

    code = "key_not_announced"
    category = Category.CONFLICT
    detail = Label(
        "The signing key {key} may not enter the history: {reason}.",
        "署名鍵 {key} は履歴に登録できません（{reason}）。",
    )
    ANOTHER = Label(
        "it is not the one that two people of the operator announced last",
        "運営者の二名が最後に公表した鍵ではありません",
    )
    LATER = Label("the notice of its announcement is not over", "公表後の予告期間が終わっていません")
    UNCOVERED = Label(
        "no checkpoint covers its announcement yet; the next one will, within about an hour",
        "公表を含むチェックポイントがまだありません。約1時間以内の次のチェックポイントをお待ちください",
    )
