"""Refusals of settlement."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class NotUnderSanctions(DomainError):
    """No sanctions hold this payment back. Fields: ``payment``."""

    code = "not_under_sanctions"
    category = Category.CONFLICT
    detail = Label(
        "The payment {payment} is not held back by sanctions, so it needs no permission.",
        "支払 {payment} は制裁措置により保留されていないため、許可の登録は不要です。",
    )


class ClientAccountMissing(DomainError):
    """No client account is registered for the currency. Fields: ``currency``."""

    code = "client_account_missing"
    category = Category.CONFLICT
    detail = Label(
        "Register the market's client account in {currency} before making transfer files.",
        "振込ファイルを作成する前に、通貨 {currency} の顧客口座を登録してください。",
    )


class ReserveNeeded(DomainError):
    """Claims or other reductions need the reserve. Fields: ``most_minor``, ``currency``."""

    code = "reserve_needed"
    category = Category.CONFLICT
    field = "amount_minor"
    detail = Label(
        "amount_minor: the reserve can be lowered by at most {most_minor} {currency} now; claims on participants and announced"
        " reductions need the rest.",
        "amount_minor: 現在減額できる準備金は {most_minor} {currency} までです。残りは参加者への求償債権と予定済みの減額に必要です。",
    )


class NotOwnMoney(DomainError):
    """Only the operator's own money that was not paid in yet can be withdrawn. Fields: ``instruction``."""

    code = "not_own_money"
    category = Category.CONFLICT
    detail = Label(
        "{instruction} is no payment of your own money that is still to be made.",
        "{instruction} は未払込みの自己資金の払込みではありません。",
    )


class NothingToTransfer(DomainError):
    """No payment can be sent now. Fields: ``cycle`` (or the currency, or a payment), ``state``."""

    code = "nothing_to_transfer"
    category = Category.CONFLICT
    detail = Label(
        "{cycle} is {state} and has no planned payment to an account that can be paid.",
        "{cycle}（{state}）には、振込可能な口座への未送付の支払がありません。",
    )


class ClientMoneyShort(DomainError):
    """The client account does not cover what is owed: payments would use others' money. Fields: ``missing_minor, currency``."""

    code = "client_money_short"
    category = Category.CONFLICT
    detail = Label(
        "The client account does not cover what is owed to participants, by {missing_minor} {currency}: have what the bank"
        " debited returned, or pay own money in first (settlement-instructions/own-money/).",
        "顧客資金口座の残高が参加者への債務に {missing_minor} {currency} 不足しています。出金の返還を受けるか、先に運営者の"
        "自己資金を払い込んでください（settlement-instructions/own-money/）。",
    )


class RouteMissing(DomainError):
    """The currency has no route of payment. Fields: ``currency``."""

    code = "route_missing"
    category = Category.CONFLICT
    detail = Label(
        "The market has no route of payment for {currency}: nothing can be paid in it.",
        "通貨 {currency} の支払方法が用意されていないため、支払はできません。",
    )


class TransferNotPossible(DomainError):
    """A payment does not fit the transfer file. Fields: ``reference``, ``what``."""

    code = "transfer_not_possible"
    detail = Label(
        "{reference}: {what} does not fit the transfer file.",
        "{reference}: {what} は振込ファイルに記録できません。",
    )


class SendingIsShut(DomainError):
    """The database was restored, and sending is not open again. Fields: ``currency``, ``restoration``."""

    code = "sending_is_shut"
    category = Category.CONFLICT
    detail = Label(
        "No payment in {currency} can be sent, nor its money given to another: the database was restored ({restoration}). Import the bank statements up"
        " to now, then open sending with a second person.",
        "データベースの復旧（{restoration}）後のため、{currency} の支払の送付や支払先の変更はできません。現在までの入出金明細を"
        "取り込み、二人目の承認者とともに送付を再開してください。",
    )


class RestorationUncounted(DomainError):
    """The server is not on the timeline that was counted last: a restoration, or another server, is not counted."""

    code = "restoration_uncounted"
    category = Category.CONFLICT
    detail = Label(
        "The database was restored, or moved to another server, and this is not counted: no payment can be planned or sent."
        " Run `manage.py record_restoration` as the owner of the database.",
        "データベースの復旧（または別サーバーへの移行）が記録されていないため、支払の予定作成と送付はできません。データベース"
        "の所有者ロールで `manage.py record_restoration` を実行してください。",
    )


class MoreThanAttached(DomainError):
    """More than is attached, or than the payment has, would be paid. Fields: ``payment, most_minor, currency``."""

    code = "more_than_attached"
    category = Category.CONFLICT
    field = "amount_minor"
    detail = Label(
        "amount_minor: at most {most_minor} {currency} of {payment} can be paid to the creditor.",
        "amount_minor: {payment} から債権者に支払えるのは {most_minor} {currency} までです。",
    )
