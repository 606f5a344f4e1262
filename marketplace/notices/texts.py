"""What tasks and notices say, in both languages. Placeholders are filled by ``worded``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from marketplace.kernel.labels import Label

from .states import TaskKind


@dataclass(frozen=True, slots=True)
class Wording:
    """A notice: its title and its body."""

    title: Label
    body: Label

    def worded(self, **fields: str | Mapping[str, str]) -> Wording:
        """With the placeholders of both filled in."""
        return Wording(worded(self.title, **fields), worded(self.body, **fields))


def worded(label: Label, **fields: str | Mapping[str, str]) -> Label:
    """``label`` with its placeholders filled in; a field may be one text, or ``{"ja", "en"}`` with one for each."""
    texts = {
        language: label.in_language(language).format_map(
            {name: value if isinstance(value, str) else value[language] for name, value in fields.items()}
        )
        for language in ("en", "ja")
    }
    return Label(texts["en"], texts["ja"])


TASK_TITLES: dict[TaskKind, Label] = {
    TaskKind.ANSWER: Label(
        "Answer the terms proposed by {party}", "{party} からの条件提示に回答してください"
    ),
    TaskKind.SIGN: Label("Sign the contract with {party}", "{party} との契約に署名してください"),
    TaskKind.FUND: Label(
        "Pay {amount} for the trade with {party}", "{party} との取引代金 {amount} を支払ってください"
    ),
    TaskKind.COLLECT: Label("Collect the data of {party}", "{party} のデータを受領してください"),
    TaskKind.ACCEPT: Label(
        "Inspect the data of {party}, then accept it or complain",
        "{party} のデータを検収し、受入または異議申立てをしてください",
    ),
    TaskKind.RESOLVE: Label(
        "Resolve the dispute between {buyer} and {seller}", "{buyer} と {seller} の紛争を解決してください"
    ),
    TaskKind.REVIEW: Label(
        "Review the application of {party} for {segment}",
        "{party} の分野 {segment} への参加申請を審査してください",
    ),
    TaskKind.EXPEDITE: Label(
        "Bring on cycle {cycle}: {reason}", "清算サイクル {cycle} に対応してください: {reason}"
    ),
    TaskKind.COUNTERSIGN: Label(
        "Countersign {command} of {amount} ({approval}), or withdraw it",
        "{command}（{amount}、{approval}）を別の担当者が実行するか、取り下げてください",
    ),
    TaskKind.RECONCILE: Label(
        "Client money in {currency} does not agree on {day}: at the bank {bank}, owed {owed}; find out why",
        "{day} の顧客資金（{currency}）が一致しません（銀行 {bank}、預り {owed}）。原因を調査してください",
    ),
    TaskKind.LOOK_UP: Label(
        "Ask the bank what became of payment {reference} of {amount} (value date {day})",
        "支払 {reference}（{amount}、振込日 {day}）の結果を銀行に確認してください",
    ),
}

CYCLE_OVERDUE: dict[str, Label] = {
    "not_closed": Label(
        "its cut-off has passed and it is still open; see that worker and beat run, or cut it off",
        "締切を過ぎても受付中です。ワーカーとビートの稼働を確認するか、締切を実行してください",
    ),
    "slow": Label(
        "its steps take too long; its progress says what it waits for",
        "処理に時間がかかっています。進捗画面で待機の理由を確認してください",
    ),
    "past_value_date": Label(
        "its value date has passed and payments are not confirmed; import the statement or ask the bank",
        "決済日を過ぎても入出金が確認できません。明細を取り込むか、銀行に照会してください",
    ),
}

ADMISSIONS: dict[str, Wording] = {
    "admitted": Wording(
        Label("Admitted as {capacity} in {segment}", "分野 {segment} の{capacity}として承認されました"),
        Label("You may trade in {segment} from now on.", "分野 {segment} での取引を開始できます。"),
    ),
    "refused": Wording(
        Label(
            "Not admitted as {capacity} in {segment}",
            "分野 {segment} の{capacity}としては承認されませんでした",
        ),
        Label(
            "The decision {decision} keeps the reasons. You may apply again once they no longer hold.",
            "理由は決定 {decision} に記録されています。解消後に再度申請できます。",
        ),
    ),
    "on_hold": Wording(
        Label(
            "Your application as {capacity} in {segment} is being reviewed",
            "分野 {segment} の{capacity}としての申請は確認中です",
        ),
        Label(
            "The decision {decision} keeps the reasons. The operator will review it.",
            "理由は決定 {decision} に記録されています。運営者が確認します。",
        ),
    ),
    "withdrawn": Wording(
        Label(
            "Your admission as {capacity} in {segment} has ended",
            "分野 {segment} の{capacity}としての承認は終了しました",
        ),
        Label("Agreements in force stay as they are.", "有効な契約はそのまま存続します。"),
    ),
}

SUSPENDED = Wording(
    Label("Your organisation is suspended", "貴組織の取引は停止されました"),
    Label(
        "You make no new business until you are reinstated; what you owe and are owed stays. Reason: {reason}",
        "再開までの間、新しい取引はできません。既存の債権・債務は残ります。理由: {reason}",
    ),
)
SHORTFALL = Wording(
    Label("You owed {missing} more than you had", "清算で {missing} が不足しました"),
    Label(
        "{carried} of it is put off to the next clearing cycle; the rest was lent to you by the market and is"
        " collected from what you are paid next. Pay in to make up for it.",
        "うち {carried} は次の清算サイクルに繰り越されます。残りは市場が立て替え、次回の支払額から回収します。"
        "不足額を入金してください。",
    ),
)
PUT_OFF = Wording(
    Label("{amount} due to you is put off", "受取予定の {amount} が繰り越されました"),
    Label(
        "In clearing cycle {cycle} another participant did not have what it owes you. It still owes you all of it, and"
        " the next cycle takes it up.",
        "清算サイクル {cycle} で、支払義務のある参加者に資金不足がありました。債権は全額存続し、次のサイクルで清算"
        "の対象となります。",
    ),
)
VERSION_PUBLISHED = Wording(
    Label("Your data is on sale", "データの掲載を開始しました"),
    Label(
        "Version {version} of {listing} can be found and bought.", "{listing} の版 {version} を掲載しました。"
    ),
)
VERSION_REFUSED = Wording(
    Label("Your data cannot be put on sale", "データを掲載できません"),
    Label(
        "The decision {decision} on version {version} of {listing} keeps the reasons.",
        "{listing} の版 {version} について、理由は決定 {decision} に記録されています。",
    ),
)
NEGOTIATION_FINALIZED = Wording(
    Label("The contract with {party} is concluded", "{party} との契約が成立しました"),
    Label(
        "Negotiation {negotiation} ended with both signatures.",
        "交渉 {negotiation} は双方の署名により成立しました。",
    ),
)
NEGOTIATION_TERMINATED = Wording(
    Label("The negotiation with {party} has ended", "{party} との交渉は終了しました"),
    Label(
        "Negotiation {negotiation} ended without a contract.",
        "交渉 {negotiation} は契約に至らず終了しました。",
    ),
)
TRADE_SECURED = Wording(
    Label("The payment of {party} is secured", "{party} の代金を確保しました"),
    Label(
        "The market holds the money of trade {trade}; access to the data is being granted.",
        "取引 {trade} の代金を市場が確保しました。データへのアクセスを許可します。",
    ),
)
TRADE_FAILED = Wording(
    Label("The trade with {party} has failed", "{party} との取引は不成立となりました"),
    Label(
        "Trade {trade} ended without payment and without access ({reason_code}).",
        "取引 {trade} は支払い・アクセスのないまま終了しました（{reason_code}）。",
    ),
)
TRADE_REFUNDED = Wording(
    Label("{amount} went back to the buyer", "{amount} を利用者へ返金しました"),
    Label(
        "Trade {trade} between you and {party} was undone.", "{party} との取引 {trade} は取り消されました。"
    ),
)
DELIVERY_ACCEPTED: dict[str, Wording] = {
    "buyer": Wording(
        Label("{party} accepted your data", "{party} がデータを受け入れました"),
        Label(
            "The money of trade {trade} goes into the next clearing.",
            "取引 {trade} の代金は次の清算の対象になります。",
        ),
    ),
    "lapse": Wording(
        Label("The inspection by {party} is over", "{party} の検収期間が終了しました"),
        Label(
            "Nobody complained in time: the data of trade {trade} counts as accepted.",
            "期限内に異議がなかったため、取引 {trade} のデータは受け入れられたものとみなします。",
        ),
    ),
    "dismissal": Wording(
        Label("The delivery to {party} stands", "{party} への納品は有効とされました"),
        Label(
            "The complaint was dismissed: the data of trade {trade} counts as accepted.",
            "異議は認められず、取引 {trade} のデータは受け入れられたものとみなします。",
        ),
    ),
}
DISPUTE_OPENED = Wording(
    Label("There is a dispute with {party}", "{party} との間で紛争が申し立てられました"),
    Label(
        "Dispute {dispute} ({reason_code}): money and inspection stand still until the operator has decided.",
        "紛争 {dispute}（{reason_code}）: 運営者の判断まで、代金と検収期間は停止します。",
    ),
)
DISPUTE_OUTCOMES: dict[str, Label] = {
    "dismissed": Label("the delivery stands", "納品は有効"),
    "redelivery": Label("the data is delivered again", "再納品"),
    "refund": Label("the trade is undone and the money goes back", "取引の取消しと返金"),
}
DISPUTE_RESOLVED = Wording(
    Label("The dispute with {party} is resolved: {outcome}", "{party} との紛争が解決しました: {outcome}"),
    Label("The operator decided dispute {dispute}.", "運営者が紛争 {dispute} について判断しました。"),
)
PAYMENT_RECEIVED = Wording(
    Label("{amount} arrived", "{amount} の入金を確認しました"),
    Label("Bank reference: {reference}", "銀行照会番号: {reference}"),
)
MONEY_RETURNING: dict[str, Wording] = {
    "idle": Wording(
        Label("{amount} goes back to your account", "{amount} をご登録の口座へ返還します"),
        Label(
            "No trade has needed this money for a while (payment {instruction}). Pay in again when you buy.",
            "一定期間お取引に使われなかったため返還します（支払 {instruction}）。購入時に改めて入金してください。",
        ),
    ),
    "above_cap": Wording(
        Label("{amount} goes back to your account", "{amount} をご登録の口座へ返還します"),
        Label(
            "It is more than may be left with the market beyond your trades (payment {instruction}).",
            "お取引に必要な額を除く預り残高の上限を超えたため返還します（支払 {instruction}）。",
        ),
    ),
}
MONEY_STUCK: dict[str, Wording] = {
    "no_account": Wording(
        Label("{amount} cannot go back to you", "{amount} を返還できません"),
        Label(
            "No trade needs this money, but you have stated no bank account. Ask the operator to add one.",
            "お取引に使われていない資金ですが、振込先口座が未登録です。口座の登録を運営者に依頼してください。",
        ),
    ),
    "abroad": Wording(
        Label("{amount} cannot go back to you", "{amount} を返還できません"),
        Label(
            "No trade needs this money, but the market may not pay abroad. Ask the operator how to get it.",
            "お取引に使われていない資金ですが、国外への支払ができません。受取方法を運営者に確認してください。",
        ),
    ),
}
INVOICE_ISSUED = Wording(
    Label("Document {number} is ready", "帳票 {number} を発行しました"),
    Label("Document {invoice} can be read now.", "帳票 {invoice} を確認できます。"),
)
INVOICE_COPIED = Wording(
    Label("Document {number} was issued for you", "帳票 {number} を貴社に代わり発行しました"),
    Label(
        "The market issued {invoice} in its own name for your sale; your copy can be read now.",
        "貴社の販売について、当市場の名義で {invoice} を発行しました。写しを確認できます。",
    ),
)
STATEMENT_MADE = Wording(
    Label("Your statement of {month} is ready", "{month} の取引明細書を発行しました"),
    Label(
        "The monthly statement {statement} in {currency} can be read now.",
        "月次明細書 {statement}（通貨 {currency}）を確認できます。",
    ),
)

MAIL_CLOSING = Label(
    "This mail was sent by the market {market}. About: {subject}",
    "このメールは市場 {market} から送信されています。対象: {subject}",
)
MAIL_DEADLINE = Label("To be done by {deadline}", "期限: {deadline}")
