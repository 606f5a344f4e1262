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
        "The operator must first pay in {missing_minor} {currency}: claims on participants exceed its earnings.",
        "立替金が運営者の収益を超えているため、先に運営者が {missing_minor} {currency} を入金する必要があります。",
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


class ChargingFaulty(DomainError):
    """How an agreement is to be charged cannot be carried out; nothing was kept. Fields: ``agreement``, ``what``."""

    code = "charging_faulty"
    detail = Label(
        "{agreement} cannot be charged as it says: {what}.", "{agreement} の課金条件を実行できません: {what}"
    )


class NotAcceptedYet(DomainError):
    """Money is given back on what was accepted; before that, a complaint is the way. Fields: ``trade, state``."""

    code = "not_accepted_yet"
    category = Category.CONFLICT
    detail = Label(
        "{trade} is {state}: only an accepted trade is corrected; before that the buyer complains.",
        "{trade} は {state} です。訂正できるのは検収済みの取引のみで、それ以前は異議申立てによります。",
    )


class BeyondCaptured(DomainError):
    """More would be given back than was paid. Fields: ``trade, remaining_minor``."""

    code = "beyond_captured"
    category = Category.CONFLICT
    field = "amount_minor"
    detail = Label(
        "Of {trade} at most {remaining_minor} can still be given back.",
        "{trade} で返金できる残額は {remaining_minor} です。",
    )


class NotReversible(DomainError):
    """The obligation is no correction, or was reversed already. Fields: ``obligation``."""

    code = "not_reversible"
    category = Category.CONFLICT
    detail = Label(
        "{obligation} is not a correction that stands.", "{obligation} は取消し可能な訂正ではありません。"
    )


class UsageFaulty(DomainError):
    """A use of metered data cannot be taken down. Fields: ``usage``, ``what``."""

    code = "usage_faulty"
    detail = Label("Use {usage} cannot be recorded: {what}.", "利用 {usage} を記録できません: {what}")
