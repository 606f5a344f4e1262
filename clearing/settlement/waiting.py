"""Reasons why a payment waits, who must act on each, and how."""

from __future__ import annotations

from marketplace.kernel.labels import Label
from marketplace.kernel.waiting import WaitingReason, WaitsFor

PLANNED = WaitingReason(
    "payment.planned",
    Label("the payment is planned", "支払予定です"),
    WaitsFor.OPERATOR,
    Label(
        "The operator hands a transfer file with the payment to the bank.",
        "運営者が支払を含む振込ファイルを銀行へ送付します。",
    ),
)
OPERATOR_PAYS_IN = WaitingReason(
    "payment.operator_pays_in",
    Label(
        "the operator has not paid its own money in yet, or the bank has not confirmed it",
        "運営者による自己資金の払込みまたは銀行の確認を待っています",
    ),
    WaitsFor.OPERATOR,
    Label(
        "The operator pays in under the payment's reference and imports the bank statement.",
        "運営者が支払の参照番号を付して払い込み、入出金明細を取り込んでください。",
    ),
)
NO_ACCOUNT = WaitingReason(
    "payment.no_account",
    Label("the payee has stated no bank account", "振込先口座が未登録です"),
    WaitsFor.PARTICIPANT,
    Label(
        "The payee states a payout account (payout-account-changes/), and another of its people confirms it.",
        "受取人が振込先口座を届け出て（payout-account-changes/）、別の構成員が確認してください。",
    ),
)
ABROAD = WaitingReason(
    "payment.abroad",
    Label(
        "the payee is abroad, and no licence or exemption for paying there is recorded",
        "受取人が国外であり、国外への支払の許認可・適用除外が登録されていません",
    ),
    WaitsFor.OPERATOR,
    Label(
        "The operator states a funds regime that records the licence or exemption.",
        "運営者が許認可・適用除外を記載した資金の取扱い根拠を登録してください。",
    ),
)
ATTACHED = WaitingReason(
    "payment.attached",
    Label(
        "a court attached what is due to the payee",
        "受取人の債権が差し押さえられているため、送付を保留しています",
    ),
    WaitsFor.OPERATOR,
    Label(
        "Two people of the operator pay whom the order names, or lift the restraint when it ends; then the payee is paid.",
        "運営者が二人で、命令に従い債権者等へ支払うか、終了した差押えを解除してください。解除後に受取人へ支払います。",
    ),
)
SANCTIONED = WaitingReason(
    "payment.sanctioned",
    Label(
        "the payee is under sanctions, and no authority permitted the payment",
        "受取人が制裁措置の対象であり、当局の許可がないため、支払を保留しています",
    ),
    WaitsFor.OPERATOR,
    Label(
        "Two people of the operator state the number of the authority's permission, or end the suspension.",
        "運営者が二人で、当局の許可番号を登録するか、停止を解除してください。",
    ),
)
NO_ROUTE = WaitingReason(
    "payment.no_route",
    Label("the market has no route of payment for the currency", "この通貨の支払方法が用意されていません"),
    WaitsFor.OPERATOR,
    Label(
        "The operator adds a route of payment for the currency.",
        "運営者がこの通貨の支払方法を追加してください。",
    ),
)
SENT = WaitingReason(
    "payment.sent",
    Label("the payment was handed to the bank", "銀行へ送付済みです"),
    WaitsFor.BANK,
    Label(
        "The operator imports the bank statement of the value date.",
        "運営者が振込日の入出金明細を取り込んでください。",
    ),
)
UNKNOWN = WaitingReason(
    "payment.unknown",
    Label("the bank has not confirmed the payment yet", "銀行の確認を待っています"),
    WaitsFor.BANK,
    Label(
        "The operator looks the payment up at the bank and imports the bank statement. Do not pay it by another means.",
        "運営者が銀行に照会し、入出金明細を取り込んでください。別の手段で重ねて支払わないでください。",
    ),
)
FAILED = WaitingReason(
    "payment.failed",
    Label(
        "the bank returned the payment; check the payout account",
        "振込が不能となりました。振込先口座を確認してください",
    ),
    WaitsFor.OPERATOR,
    Label(
        "The payee checks its payout account; the operator plans the payment once more.",
        "受取人が振込先口座を確認し、運営者が支払を再度予定してください。",
    ),
)
CREDITOR_UNPAID = WaitingReason(
    "payment.creditor_unpaid",
    Label(
        "the bank returned the payment to the creditor; what it was to pay stays attached",
        "差押債権者等への振込が不能となりました。金額は引き続き差し押さえられています",
    ),
    WaitsFor.OPERATOR,
    Label(
        "Two people of the operator pay it again, to another account if the creditor states one; once the attachment ends, it"
        " is planned to the participant.",
        "運営者が二人で再度支払ってください（債権者等の別の口座も指定できます）。差押えの終了後は参加者への支払を予定します。",
    ),
)
RESTORATION_UNCOUNTED = WaitingReason(
    "payment.restoration_uncounted",
    Label(
        "the database was restored, and the operator has not counted the restoration",
        "データベースの復旧が運営者によりまだ記録されていません",
    ),
    WaitsFor.OPERATOR,
    Label(
        "The operator runs record_restoration as the owner of the database.",
        "運営者がデータベースの所有者ロールで record_restoration を実行してください。",
    ),
)
SENDING_SHUT = WaitingReason(
    "payment.sending_shut",
    Label(
        "the database was restored, and payments are not sent until the bank statements up to now are imported",
        "データベースの復旧後のため、現在までの入出金明細の取込みが済むまで支払を送付できません",
    ),
    WaitsFor.OPERATOR,
    Label(
        "The operator imports the bank statements up to now and opens sending with a second person.",
        "運営者が現在までの入出金明細を取り込み、二人目の承認者とともに送付を再開してください。",
    ),
)
