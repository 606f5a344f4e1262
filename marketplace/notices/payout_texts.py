"""The texts of notices about payout accounts, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

from .texts import Wording

PROPOSED = Wording(
    Label("Somebody is changing your payout account", "振込先口座の変更が申請されました"),
    Label(
        "A person of your organisation stated another payout account ({change}). It is confirmed by {confirming} until"
        " {lapses_on}, and used five business days later. If you did not expect this, stop the change at once.",
        "貴組織の担当者が別の振込先口座を届け出ました（{change}）。{lapses_on} までに{confirming}が確認し、その5営業日後から使用"
        "されます。心当たりがない場合は、直ちにこの変更を中止してください。",
    ),
)
COLLEAGUE = Label("another of your people", "別の構成員")
STAFF = Label("two of the operator's staff", "運営者の担当者2名")
CONFIRMED = Wording(
    Label(
        "Your new payout account is used from {usable_from}",
        "新しい振込先口座は {usable_from} から使用されます",
    ),
    Label(
        "The change {change} was confirmed. Payments before {usable_from} go to the account in use now. Until then every"
        " owner can stop the change.",
        "変更 {change} が確認されました。{usable_from} より前の支払は現在の口座に行います。それまでの間、代表管理者はこの変更を中止"
        "できます。",
    ),
)
ENDED = {
    "stopped": Wording(
        Label("The change of your payout account was stopped", "振込先口座の変更は中止されました"),
        Label("The change {change} is void. The account in use stays.", "変更 {change} は無効です。現在の口座を引き続き使用します。"),
    ),
    "lapsed": Wording(
        Label("The change of your payout account lapsed", "振込先口座の変更は期限切れになりました"),
        Label(
            "Nobody confirmed the change {change} in time. The account in use stays.",
            "変更 {change} は期限内に確認されませんでした。現在の口座を引き続き使用します。",
        ),
    ),
}  # fmt: skip
RETURNED = Wording(
    Label("A payment of {amount} to you came back", "{amount} のお支払いが返却されました"),
    Label(
        "The bank returned the payment {reference}. The amount stays due to you. Check your payout account. {account}",
        "銀行から支払 {reference} が返却されました。金額は引き続き貴組織に支払われるべきものです。振込先口座をご確認ください。"
        "{account}",
    ),
)
NO_CHANGE = Label("No change of the payout account is under way.", "振込先口座の変更手続きはありません。")
UNCONFIRMED_CHANGE = Label(
    "The change {change} of the payout account waits to be confirmed.",
    "振込先口座の変更 {change} は確認待ちです。",
)
PENDING_CHANGE = Label(
    "The new payout account ({change}) is used from {usable_from}.",
    "新しい振込先口座（{change}）は {usable_from} から使用されます。",
)
