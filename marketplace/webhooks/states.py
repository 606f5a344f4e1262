"""States and choices of webhooks, their messages and the attempts to send them."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine, expand_roles


class WebhookState(TextChoices):
    """The state of a webhook."""

    ACTIVE = "active", Label("active", "有効")
    DISABLED = "disabled", Label("disabled", "停止中")
    DELETED = "deleted", Label("deleted", "削除済み")


WEBHOOK = StateMachine(
    name="webhooks.webhook",
    states=WebhookState,
    initial=frozenset({WebhookState.ACTIVE}),
    table=expand_roles(
        {
            (WebhookState.ACTIVE, "disable", ("participant", "operator", "system")): WebhookState.DISABLED,
            (WebhookState.DISABLED, "enable", ("participant", "operator")): WebhookState.ACTIVE,
            (WebhookState.ACTIVE, "delete", ("participant", "operator")): WebhookState.DELETED,
            (WebhookState.DISABLED, "delete", ("participant", "operator")): WebhookState.DELETED,
        }
    ),
)


class DisabledReason(TextChoices):
    """Why a webhook is disabled."""

    OWNER = "owner", Label("disabled by its organisation", "組織が停止しました")
    GONE = "gone", Label("the receiver answered 410 Gone", "受信側が410（Gone）を返しました")
    FAILING = "failing", Label("every attempt failed", "すべての送信に失敗しました")


class MessageState(TextChoices):
    """The state of one event for one webhook."""

    PENDING = "pending", Label("waiting to be sent", "送信待ち")
    DELIVERED = "delivered", Label("taken by the receiver", "受信済み")
    FAILED = "failed", Label("failed after the last attempt", "送信失敗")


MESSAGE = StateMachine(
    name="webhooks.message",
    states=MessageState,
    initial=frozenset({MessageState.PENDING}),
    table=expand_roles(
        {
            (MessageState.PENDING, "deliver", ("system",)): MessageState.DELIVERED,
            (MessageState.PENDING, "give_up", ("system",)): MessageState.FAILED,
            (MessageState.DELIVERED, "replay", ("participant", "operator")): MessageState.PENDING,
            (MessageState.FAILED, "replay", ("participant", "operator")): MessageState.PENDING,
        }
    ),
)


class AttemptOutcome(TextChoices):
    """How one attempt to send a message ended."""

    DELIVERED = "delivered", Label("the receiver answered 2xx", "受信側が2xxを返しました")
    REFUSED = "refused", Label("the receiver answered another status", "受信側が2xx以外を返しました")
    TIMED_OUT = "timed_out", Label("no answer in time", "時間内に応答がありませんでした")
    NOT_RESOLVED = "not_resolved", Label("the host name has no address", "ホスト名を解決できませんでした")
    NOT_GLOBAL = (
        "not_global",
        Label(
            "the host has an address that is not global", "ホストのアドレスがグローバルアドレスではありません"
        ),
    )
    NOT_CONNECTED = "not_connected", Label("the connection failed", "接続に失敗しました")
    NOT_TRUSTED = (
        "not_trusted",
        Label(
            "the TLS connection failed, or the certificate is not valid",
            "TLS接続に失敗したか、証明書が有効ではありません",
        ),
    )
    NOT_SIGNED = (
        "not_signed",
        Label(
            "the secret can no longer be read; rotate it",
            "署名用シークレットを読み取れません。シークレットを更新してください",
        ),
    )
    NOT_HTTP = "not_http", Label("the answer is not valid HTTP", "応答がHTTPとして正しくありません")
    NOT_AVAILABLE = (
        "not_available",
        Label(
            "not sent: the event is no longer available",
            "送信しませんでした（イベントは既に提供を終了しています）",
        ),
    )
    SENDER_LOST = (
        "sender_lost",
        Label(
            "given up: the market's sender ended before it recorded an answer; replay the event",
            "送信を中止しました（送信処理が結果を記録する前に停止しました）。イベントを再送してください",
        ),
    )
