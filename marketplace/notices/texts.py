"""The texts of tasks, notices and mail, in both languages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from marketplace.kernel.labels import Label

from .case_task_titles import CASE_TASK_TITLES
from .people_task_titles import PEOPLE_TASK_TITLES
from .register_task_titles import REGISTER_TASK_TITLES
from .states import TaskKind


@dataclass(frozen=True, slots=True)
class Wording:
    """The title and the body of a notice."""

    title: Label
    body: Label

    def fill(self, **fields: str | Mapping[str, str]) -> Wording:
        """The same texts with their placeholders filled in."""
        return Wording(fill_label(self.title, **fields), fill_label(self.body, **fields))


def fill_label(label: Label, **fields: str | Mapping[str, str]) -> Label:
    """``label`` with its placeholders filled in. A field is one text for both languages, or ``{"ja", "en"}``."""
    texts = {
        language: label.in_language(language).format_map(
            {name: value if isinstance(value, str) else value[language] for name, value in fields.items()}
        )
        for language in ("en", "ja")
    }
    return Label(texts["en"], texts["ja"])


TASK_TITLES: dict[TaskKind, Label] = {
    **CASE_TASK_TITLES,
    **PEOPLE_TASK_TITLES,
    **REGISTER_TASK_TITLES,
    TaskKind.ANSWER: Label(
        "Answer the terms proposed by {party}", "{party} からの条件提示に回答してください"
    ),
    TaskKind.ATTEND: Label("Attend to the alarm: {alarm}", "警報に対応してください: {alarm}"),
    TaskKind.SIGN: Label("Sign the contract with {party}", "{party} との契約に署名してください"),
    TaskKind.FUND: Label(
        "Pay in {amount} for the trade with {party}", "{party} との取引の代金 {amount} を入金してください"
    ),
    TaskKind.STATE_SUPPLY: Label(
        "State whether listing {listing} supplies data by wire or rights: a trade with {party} waits for it",
        "商品 {listing} がデータの提供か権利の許諾かを申告してください。{party} との取引が待っています",
    ),
    TaskKind.COLLECT: Label(
        "Download the data of {party} and report its hash",
        "{party} のデータをダウンロードし、ハッシュ値を報告してください",
    ),
    TaskKind.ACCEPT: Label(
        "Inspect the data of {party}; accept it or open a dispute",
        "{party} のデータを検査し、検収または異議申立てをしてください",
    ),
    TaskKind.RESOLVE: Label(
        "Resolve the dispute between {buyer} and {seller}", "{buyer} と {seller} の間の異議を解決してください"
    ),
    TaskKind.ADMIT: Label(
        "Review the application for registration {registration}", "登録申請 {registration} を審査してください"
    ),
    TaskKind.CONFIRM: Label(
        "Confirm the acceptance of {registration} as another person, or return it to review",
        "{registration} の登録承認を別の担当者として確認するか、審査に差し戻してください",
    ),
    TaskKind.ASSESS: Label(
        "Read what screening {screening} of {party} found ({outcome}), and assess it",
        "{party} の照合 {screening} の結果（{outcome}）を確認し、所見を記録してください",
    ),
    TaskKind.RECONNECT: Label(
        "Mend the receiver of webhook {webhook} and enable it again",
        "Webhook {webhook} の受信側を復旧し、再び有効にしてください",
    ),
    TaskKind.EXPEDITE: Label(
        "Cycle {cycle} is late: {reason}", "清算サイクル {cycle} が遅延しています: {reason}"
    ),
    TaskKind.COUNTERSIGN: Label(
        "Approve {command} ({amount}, {approval}) as the second person, or withdraw it",
        "{command}（{amount}、{approval}）を二人目の承認者として承認するか、取り下げてください",
    ),
    TaskKind.CERTIFY: Label(
        "The bank certifies {difference} more (or less, if negative) for the end of {month} than the ledger has. Find the cause",
        "{month} 末の残高証明書と帳簿の残高に {difference} の差異があります（証明書－帳簿）。原因を調査してください",
    ),
    TaskKind.RECONCILE: Label(
        "Segregation check of {day} ({currency}): the ledger says {bank} at the bank and {owed} owed to clients; the"
        " bank's stated balance differs from the ledger by {stated}. Find the cause",
        "{day} の分別管理の確認で差異があります（{currency}、帳簿上の銀行残高 {bank}、顧客への債務 {owed}、"
        "銀行の表示残高と帳簿の差 {stated}）。原因を調査してください",
    ),
    TaskKind.REPAIR: Label(
        "Repair the cause and retry: {what} is parked after repeated failures",
        "{what} は失敗の繰り返しにより停止中です。原因を解消して再試行してください",
    ),
    TaskKind.LOOK_UP: Label(
        "Ask the bank for the outcome of payment {reference} of {amount} (value date {day})",
        "支払 {reference}（{amount}、振込日 {day}）の結果を銀行に確認してください",
    ),
    TaskKind.PAY_AGAIN: Label(
        "Payment {reference} of {amount} to {party} came back: plan it again. {account}",
        "{party} への支払 {reference}（{amount}）が返却されました。再度予定してください。{account}",
    ),
    TaskKind.FREEZE: Label(
        "Payments to {party} are held under sanctions ({suspension}): permit each one that the authority permits, or end it",
        "{party} への支払は制裁措置（{suspension}）により保留中です。当局の許可を得た支払を個別に許可するか、停止を解除してください",
    ),
    TaskKind.VET_ACCOUNT: Label(
        "Confirm the new payout account ({change}) as another person, or stop it",
        "新しい振込先口座（{change}）を別の担当者として確認するか、中止してください",
    ),
    TaskKind.EXPLAIN: Label(
        "The bank debited {amount} on {day}: {why}. Find out, and book {entry} with a second person",
        "銀行が {day} に {amount} を出金しています（{why}）。内容を確認し、二人目の承認者とともに {entry} を処理してください",
    ),
    TaskKind.FOLLOW_ORDER: Label(
        "Follow the order {reference}, which attached what is due to {party} ({restraint}), and lift it when it ends",
        "{party} の受取債権に対する差押え {reference}（{restraint}）に対応し、終了したら解除してください",
    ),
    TaskKind.REOPEN: Label(
        "The database was restored (restoration {number}), and no payment is sent. Import the bank statements up to now,"
        " then open sending for each currency with a second person",
        "データベースを復旧したため（復旧番号 {number}）、支払の送付を停止しています。現在までの入出金明細を取り込み、"
        "通貨ごとに二人目の承認者とともに送付を再開してください",
    ),
}

BALANCE_OUTDATED = Label(
    "Segregation check of {day} ({currency}): {owed} is owed to clients, and no balance of the bank that a second person"
    " confirmed covers {due} (the newest is of {stated_on}). Import the bank statement up to {due}, and have another person"
    " confirm its hash and closing balance",
    "{day} の分別管理の確認ができません（{currency}、顧客への債務 {owed}）。{due} までの銀行残高が二人目により確認されていま"
    "せん（最新の確認済み残高は {stated_on}）。{due} までの入出金明細を取り込み、別の担当者がハッシュ値と期末残高を確認してください",
)

DEBIT_UNEXPLAINED: dict[str, Label] = {
    "no_reference": Label("it names no payment", "支払の参照番号がありません"),
    "unknown_reference": Label(
        "no payment has the reference that it names", "該当する参照番号の支払がありません"
    ),
    "several_references": Label("it names several payments", "複数の支払の参照番号があります"),
    "amount_differs": Label(
        "it names {reference}, which is of another amount", "支払 {reference} と金額が異なります"
    ),
    "several_files": Label(
        "it is the total of more than one transfer file", "複数の振込ファイルの合計額と一致します"
    ),
    "failed_carried_out": Label(
        "it carries out a payment that was reported as failed and is no longer owed ({reference}): it was made again or set off,"
        " so its payee was paid twice",
        "不能として報告され、再送または相殺済みの支払（{reference}）が実行されました。受取人への二重払いです",
    ),
    "not_expected": Label(
        "it names {reference}, which needed no debit: it was perhaps carried out twice",
        "出金の予定がない支払 {reference} の参照番号です。二重実行の可能性があります",
    ),
}

CYCLE_OVERDUE: dict[str, Label] = {
    "not_closed": Label(
        "its cut-off has passed and it is still open. Check that worker and beat run, or cut it off",
        "締切を過ぎても受付中です。ワーカーとビートの稼働を確認するか、締切を実行してください",
    ),
    "slow": Label(
        "its steps take too long. Its progress shows the waiting reason",
        "処理に時間がかかっています。進捗で待機理由を確認してください",
    ),
    "past_value_date": Label(
        "its value date has passed and payments are not confirmed. Import the bank statement or ask the bank",
        "振込日を過ぎても支払が確認できません。入出金明細を取り込むか、銀行に照会してください",
    ),
}

SHORTFALL = Wording(
    Label("You have a shortfall of {missing}", "清算で {missing} の資金不足が生じました"),
    Label(
        "Of it, {deferred} is deferred to the next clearing cycle, and {lent} was lent by the market's reserve. What the"
        " reserve lent is deducted from your next payments. Pay in the shortfall.",
        "うち {deferred} は次の清算サイクルに繰り延べられ、{lent} は市場の準備金から立て替えられました。立替額は次回以降の"
        "支払額から控除します。不足額を入金してください。",
    ),
)
PAYMENT_SET_OFF = Wording(
    Label("{amount} of a payment to you is set off", "お支払い予定額のうち {amount} を相殺しました"),
    Label(
        "You owe more in clearing cycle {cycle} than it brings you. {amount} of the planned payment {payment} is set off"
        " against it; {remainder} of that payment remains and is planned anew.",
        "清算サイクル {cycle} でお支払いいただく額が受取額を上回りました。支払予定 {payment} のうち {amount} を相殺し、残額"
        " {remainder} の支払をあらためて予定しました。",
    ),
)
PAYMENT_DEFERRED = Wording(
    Label("{amount} due to you is deferred", "受取予定の {amount} が繰り延べられました"),
    Label(
        "In clearing cycle {cycle} a participant that owes you had a shortfall. Its obligation remains in full and is"
        " cleared in the next cycle.",
        "清算サイクル {cycle} で、支払義務を負う参加者に資金不足が生じました。債務は全額存続し、次の清算サイクルの"
        "対象となります。",
    ),
)
VERSION_PUBLISHED = Wording(
    Label("Your listing is published", "出品を公開しました"),
    Label(
        "Version {version} of {listing} is in the catalogue and can be bought.",
        "{listing} の版 {version} をカタログに公開し、販売を開始しました。",
    ),
)
VERSION_REFUSED = Wording(
    Label("Your listing was not published", "出品は公開されませんでした"),
    Label(
        "Decision {decision} states why version {version} of {listing} was refused.",
        "{listing} の版 {version} が不承認となった理由は、判定 {decision} に記録されています。",
    ),
)
VERSION_OVERRIDDEN = Wording(
    VERSION_REFUSED.title,
    Label(
        "Version {version} of {listing} was refused, whatever the rules decided ({decision}): {reason}",
        "{listing} の版 {version} は、判定 {decision} の結果にかかわらず不承認となりました。{reason}",
    ),
)
NEGOTIATION_FINALIZED = Wording(
    Label("Your agreement with {party} is concluded", "{party} との契約が成立しました"),
    Label(
        "Both parties have signed (negotiation {negotiation}).",
        "双方の署名が完了しました（交渉 {negotiation}）。",
    ),
)
NEGOTIATION_TERMINATED = Wording(
    Label("The negotiation with {party} has ended", "{party} との交渉は終了しました"),
    Label(
        "Negotiation {negotiation} ended without an agreement.",
        "交渉 {negotiation} は契約に至らず終了しました。",
    ),
)
TRADE_SECURED = Wording(
    Label("The trade with {party} is secured", "{party} との取引の資金を確保しました"),
    Label(
        "The whole price of trade {trade} is on hold. The buyer gets access to the data.",
        "取引 {trade} の代金の全額を確保しました。データの提供を開始します。",
    ),
)
TRADE_FAILED = Wording(
    Label("The trade with {party} has failed", "{party} との取引は不成立となりました"),
    Label(
        "Trade {trade} ended without payment and without access ({reason_code}).",
        "取引 {trade} は、入金もデータの提供もないまま終了しました（{reason_code}）。",
    ),
)
TRADE_REFUNDED = Wording(
    Label("{amount} was returned to the buyer", "{amount} を利用者へ返金しました"),
    Label("Trade {trade} with {party} was cancelled.", "{party} との取引 {trade} は取り消されました。"),
)
DELIVERY_ACCEPTED: dict[str, Wording] = {
    "buyer": Wording(
        Label("{party} accepted your data", "{party} がデータを検収しました"),
        Label(
            "Trade {trade} is cleared in the next clearing cycle.",
            "取引 {trade} は次の清算サイクルの対象となります。",
        ),
    ),
    "lapse": Wording(
        Label("The inspection period of {party} has ended", "{party} の検査期間が終了しました"),
        Label(
            "No dispute was opened in time, so the data of trade {trade} counts as accepted.",
            "期間内に異議の申立てがなかったため、取引 {trade} のデータは検収されたものとみなします。",
        ),
    ),
    "dismissal": Wording(
        Label("The dispute of {party} was dismissed", "{party} の異議は棄却されました"),
        Label(
            "The data of trade {trade} counts as accepted.",
            "取引 {trade} のデータは検収されたものとみなします。",
        ),
    ),
}
DISPUTE_OPENED = Wording(
    Label("A dispute with {party} was opened", "{party} との取引で異議が申し立てられました"),
    Label(
        "Dispute {dispute} ({reason_code}): the price that was not released stays on hold, and before acceptance the inspection period is"
        " suspended, until it ends.",
        "異議 {dispute}（{reason_code}）: 終局するまで、未払いの代金の確保を続けます。検収前の場合は検査期間の進行も停止します。",
    ),
)
DISPUTE_OPENED_BY_OTHER = Wording(
    Label("A dispute about {agreement} was opened", "{agreement} について異議が申し立てられました"),
    Label(
        "Dispute {dispute} ({reason_code}), by the {opened_as}: it holds nothing by itself. Read it in disputes/{dispute}/.",
        "異議 {dispute}（{reason_code}、申立人: {opened_as}）: これだけでは代金や提供は停止しません。disputes/{dispute}/ で確認できます。",
    ),
)
DISPUTE_PARTIES: dict[str, Label] = {
    "buyer": Label("buyer", "利用者"),
    "seller": Label("seller", "提供者"),
    "third_party": Label("third party", "第三者"),
}
DISPUTE_OUTCOMES: dict[str, Label] = {
    "dismissed": Label("dismissed; the data counts as accepted", "棄却（検収済みとみなす）"),
    "withdrawn": Label("ended without a remedy", "救済なく終了"),
    "redelivery": Label("the data is delivered again", "データの再提供"),
    "refund": Label("the trade is cancelled and the price returned", "取引の取消しと返金"),
    "reduction": Label("the price is reduced", "代金の減額"),
    "payment": Label("the buyer pays in addition", "利用者による追加の支払"),
    "termination": Label("the agreement is terminated", "契約の解除"),
    "stop_of_use": Label("access is suspended and the use stops", "提供の停止・利用の停止"),
}
DISPUTE_RESOLVED = Wording(
    Label("The dispute with {party} has ended: {outcome}", "{party} との異議が終局しました: {outcome}"),
    Label(
        "Read how dispute {dispute} ended in disputes/{dispute}/.",
        "異議 {dispute} の結果は disputes/{dispute}/ で確認できます。",
    ),
)
PAYMENT_RECEIVED = Wording(
    Label("Your pay-in of {amount} was received", "{amount} の入金を確認しました"),
    Label("Bank reference: {reference}", "銀行の取引番号: {reference}"),
)
PAYMENTS_RECEIVED = Wording(
    Label(
        "Your {count} pay-ins of {amount} in all were received",
        "{count}件、合計 {amount} の入金を確認しました",
    ),
    Label("Bank reference of the first: {reference}", "最初の入金の取引番号: {reference}"),
)
MONEY_RETURNING: dict[str, Wording] = {
    "idle": Wording(
        Label("{amount} is being paid back to your account", "{amount} をご登録の口座へ返還します"),
        Label(
            "No trade has used this money for some time (settlement instruction {instruction}). Pay in again when you"
            " buy.",
            "一定期間お取引に使われなかったため返還します（支払指図 {instruction}）。購入時に改めて入金してください。",
        ),
    ),
    "above_cap": Wording(
        Label("{amount} is being paid back to your account", "{amount} をご登録の口座へ返還します"),
        Label(
            "Your balance exceeds the cap on money that your trades do not need (settlement instruction {instruction}).",
            "お取引に必要な額を除く残高が上限を超えたため返還します（支払指図 {instruction}）。",
        ),
    ),
}
MONEY_STUCK: dict[str, Wording] = {
    "no_account": Wording(
        Label("{amount} cannot be paid back to you", "{amount} を返還できません"),
        Label(
            "No trade needs this money, but you have stated no payout account. State one, and have a colleague confirm it.",
            "お取引に使われていない資金ですが、振込先口座が未登録です。口座を届け出て、別の構成員が確認してください。",
        ),
    ),
    "sanctioned": Wording(
        Label("{amount} cannot be paid back to you", "{amount} を返還できません"),
        Label(
            "No trade needs this money, but you are under sanctions: it is paid once an authority permits it. It stays yours.",
            "お取引に使われていない資金ですが、制裁措置の対象のため、当局の許可を得るまで返還できません。資金は貴組織に帰属します。",
        ),
    ),
    "abroad": Wording(
        Label("{amount} cannot be paid back to you", "{amount} を返還できません"),
        Label(
            "No trade needs this money, but the market cannot pay abroad. Ask the operator how you can receive it.",
            "お取引に使われていない資金ですが、国外への支払はできません。受取方法を運営者に確認してください。",
        ),
    ),
    "no_route": Wording(
        Label("{amount} cannot be paid back to you", "{amount} を返還できません"),
        Label(
            "No trade needs this money, but the market has no route of payment for its currency. Ask the operator how"
            " you can receive it.",
            "お取引に使われていない資金ですが、この通貨の支払方法がありません。受取方法を運営者に確認してください。",
        ),
    ),
}
INVOICES_ISSUED = Wording(
    Label("Your documents of cycle {cycle} were issued", "清算サイクル {cycle} の帳票を発行しました"),
    Label(
        "You can read the invoices that you issued or received in cycle {cycle} now.",
        "清算サイクル {cycle} で貴組織が発行または受領した請求書等を確認できます。",
    ),
)
INVOICE_ISSUED = Wording(
    Label("Document {number} was issued", "帳票 {number} を発行しました"),
    Label("You can read document {invoice} now.", "帳票 {invoice} を確認できます。"),
)
INVOICE_COPIED = Wording(
    Label("Document {number} was issued on your behalf", "帳票 {number} を貴組織に代わり発行しました"),
    Label(
        "The market issued {invoice} in its own name for your sale. You can read your copy now.",
        "貴組織の販売について、当市場の名義で {invoice} を発行しました。写しを確認できます。",
    ),
)
STATEMENT_MADE = Wording(
    Label("Your monthly statement of {month} is ready", "{month} の月次明細を発行しました"),
    Label(
        "You can read the monthly statement {statement} in {currency} now.",
        "月次明細 {statement}（通貨 {currency}）を確認できます。",
    ),
)

CHANGED_TERMS = Label("What changes:\n{lines}", "変更された条件:\n{lines}")
MAIL_CLOSING = Label(
    "This mail was sent by the market {market}. Subject: {subject}",
    "このメールは市場 {market} から送信されています。対象: {subject}",
)
MAIL_DEADLINE = Label("Deadline: {deadline}", "期限: {deadline}")
