"""What clearing refuses."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class InsufficientFunds(DomainError):
    """An account would leave its side. Fields: ``reference`` (of what was to be posted)."""

    code = "insufficient_funds"
    category = Category.CONFLICT
    detail = Label(
        "There is not enough money for {reference}; pay in the rest first.",
        "{reference} に必要な残高が不足しています。不足額を入金してください。",
    )


class PartyNotIndependent(DomainError):
    """The operator and its affiliates are never buyer or seller of data. Fields: ``organisation``."""

    code = "party_not_independent"
    category = Category.FORBIDDEN
    detail = Label(
        "{organisation} is the operator or its affiliate and cannot be party to a trade.",
        "{organisation} は運営者またはその関係会社のため、取引の当事者になれません。",
    )


class NoOpenCycle(DomainError):
    """No cycle of the currency takes trades. Fields: ``currency``."""

    code = "no_open_cycle"
    category = Category.CONFLICT
    detail = Label(
        "No clearing cycle in {currency} is open; the operator opens the first one.",
        "通貨 {currency} の清算サイクルが開かれていません。運営者が最初のサイクルを開いてください。",
    )


class PeriodNotOver(DomainError):
    """A month can be closed when it is over. Fields: ``month``."""

    code = "period_not_over"
    category = Category.CONFLICT
    field = "month"
    detail = Label(
        "The month {month} is not over; close it from the first day of the next month on.",
        "{month} はまだ終わっていません。翌月1日以降に締めてください。",
    )


class PeriodClosed(DomainError):
    """A later month is closed, so this one is too. Fields: ``month, closed``."""

    code = "period_closed"
    category = Category.CONFLICT
    field = "month"
    detail = Label(
        "{month} was closed with {closed}: nothing can be booked in it.",
        "{month} は {closed} とともに締められており、記帳できません。",
    )


class CycleFaulty(DomainError):
    """What is to be cleared does not agree with itself; nothing was changed. Fields: ``cycle, faults``."""

    code = "cycle_faulty"
    category = Category.CONFLICT
    detail = Label("{cycle} cannot be validated: {faults}.", "{cycle} を検証できません: {faults}")


class ClientAccountMissing(DomainError):
    """The bank account that payments leave from is not stated. Fields: ``currency``."""

    code = "client_account_missing"
    category = Category.CONFLICT
    detail = Label(
        "Register the market's client account in {currency} before making transfer files.",
        "振込ファイルを作成する前に、通貨 {currency} の顧客口座を登録してください。",
    )


class NothingToTransfer(DomainError):
    """No payment of the cycle can be handed to the bank now. Fields: ``cycle``, ``state``."""

    code = "nothing_to_transfer"
    category = Category.CONFLICT
    detail = Label(
        "{cycle} is {state} and has no planned payment to an account that is stated.",
        "{cycle}（{state}）には、口座が登録された未送付の支払がありません。",
    )


class ClientMoneyShort(DomainError):
    """Paying now would use the money of others. Fields: ``missing_minor, currency``."""

    code = "client_money_short"
    category = Category.CONFLICT
    detail = Label(
        "The operator must first pay in {missing_minor} {currency}: it refunded more fees than it earned.",
        "返還した手数料が収益を超えているため、先に運営者が {missing_minor} {currency} を入金する必要があります。",
    )


class ClaimOutstanding(DomainError):
    """The participant still owes what the reserve lent it. Fields: ``organisation, claim_minor, currency``."""

    code = "claim_outstanding"
    category = Category.CONFLICT
    detail = Label(
        "{organisation} still owes the market {claim_minor} {currency}; collect it or write it off first.",
        "{organisation} には立替金 {claim_minor} {currency} が残っています。先に回収または貸倒処理をしてください。",
    )


class TransferNotPossible(DomainError):
    """A payment does not fit the transfer file. Fields: ``reference``, ``what``."""

    code = "transfer_not_possible"
    detail = Label(
        "{reference}: {what} does not fit the transfer file.",
        "{reference}: {what} は振込ファイルに記録できません。",
    )


class BookingChanged(DomainError):
    """A booking known under this reference reads otherwise now. Fields: ``line, entry_reference``."""

    code = "booking_changed"
    category = Category.CONFLICT
    field = "content"
    detail = Label(
        "Line {line}: the booking {entry_reference} was imported before with other values; nothing was imported.",
        "{line}行目: 記帳 {entry_reference} は別の内容で取込済みです。何も取り込まれていません。",
    )


class NotUnallocated(DomainError):
    """The booking is not a receipt that waits for its owner. Fields: ``bank_entry``."""

    code = "not_unallocated"
    category = Category.CONFLICT
    detail = Label(
        "{bank_entry} is not an unallocated receipt.", "{bank_entry} は未照合の入金ではありません。"
    )
