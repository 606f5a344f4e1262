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
RETURNED_OF_CREDITOR = Wording(
    Label(
        "A payment of {amount} to your creditor came back",
        "差押債権者等への支払 {amount} が返却されました",
    ),
    Label(
        "The bank returned the payment {reference} of what was attached ({restraint}). The amount stays attached, and is held"
        " back, until the operator pays it again or the attachment ends.",
        "差押え（{restraint}）に係る支払 {reference} が銀行から返却されました。運営者が再度支払うか差押えが終了するまで、金額は引き続き"
        "差し押さえられ、支払は保留されます。",
    ),
)
PAY_CREDITOR_AGAIN = Label(
    "Payment {reference} of {amount} to a creditor of {party} came back: pay it again, to another account if the creditor"
    " states one (set-off-restraints/{restraint}/pay-creditor/)",
    "{party} の差押債権者等への支払 {reference}（{amount}）が返却されました。再度支払ってください。別の口座への支払もできます"
    "（set-off-restraints/{restraint}/pay-creditor/）",
)
RETURN_SET_OFF = Wording(
    Label(
        "{amount} of a payment that came back was set off",
        "返却された支払のうち {amount} を相殺しました",
    ),
    Label(
        "You owed more in {cycle} than it brought you. {amount} of the payment {reference}, which the bank returned, was set"
        " off against it. Still due to you of this payment: {remainder}.",
        "{cycle} における貴組織の債務が清算額を上回ったため、銀行から返却された支払 {reference} のうち {amount} を相殺しました。"
        "この支払の残額は {remainder} です。",
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
