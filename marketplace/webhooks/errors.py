"""Errors of the feed and the webhooks."""

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class CursorUnknown(DomainError):
    """No event of the caller's feed has this identifier, or it is no longer kept. Fields: ``after, days``."""

    code = "cursor_unknown"
    category = Category.MISSING
    field = "after"
    detail = Label(
        "The event {after} is not in your feed, which keeps events for {days} days. Read again from the oldest event"
        " kept by leaving out `after`, and compare what you missed with the records of your agreements and trades.",
        "イベント {after} は貴組織のフィードにありません（保存期間は{days}日です）。`after` を指定せずに最も古い"
        "イベントから読み直し、読み落とした分は契約と取引の記録で確認してください。",
    )


class TooManyWebhooks(DomainError):
    """The organisation has as many webhooks as it may have. Fields: ``limit``."""

    code = "too_many_webhooks"
    category = Category.CONFLICT
    detail = Label(
        "An organisation may have {limit} webhooks. Delete one first.",
        "Webhookは1組織につき{limit}件までです。不要なものを先に削除してください。",
    )


class WebhookNotActive(DomainError):
    """The webhook is not active, so nothing can be sent to it. Fields: ``webhook``."""

    code = "webhook_not_active"
    category = Category.CONFLICT
    detail = Label(
        "The webhook {webhook} is not active. Enable it first.",
        "Webhook {webhook} は有効ではありません。先に有効にしてください。",
    )


class PingWaiting(DomainError):
    """A test message of the webhook still waits to be sent. Fields: ``webhook``."""

    code = "ping_waiting"
    category = Category.CONFLICT
    detail = Label(
        "A test message of the webhook {webhook} is still waiting to be sent. Read its attempts first.",
        "Webhook {webhook} のテスト送信がまだ完了していません。送信記録を先に確認してください。",
    )
