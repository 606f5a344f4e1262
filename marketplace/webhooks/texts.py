"""The texts of notices and tasks about webhooks, in both languages. Pure."""

from marketplace.kernel.labels import Label
from marketplace.notices.texts import Wording

from .states import DisabledReason

_BODY = Label(
    "Nothing is sent to webhook {webhook} until you enable it again. Read its attempts for the reason, mend the receiver"
    " and enable the webhook; then replay the events that you missed.",
    "再び有効にするまで、Webhook {webhook} には何も送信しません。送信記録で原因を確認し、受信側を復旧してから有効にして"
    "ください。受信できなかったイベントは再送できます。",
)
DISABLED: dict[DisabledReason, Wording] = {
    DisabledReason.GONE: Wording(
        Label(
            "Your webhook was disabled: the receiver answered 410 Gone",
            "Webhookを停止しました: 受信側が410（Gone）を返しました",
        ),
        _BODY,
    ),
    DisabledReason.FAILING: Wording(
        Label(
            "Your webhook was disabled: every attempt to send an event failed",
            "Webhookを停止しました: イベントの送信がすべて失敗しました",
        ),
        _BODY,
    ),
}
