"""What clearing refuses."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label
from marketplace.kernel.refusals import RefusalOnRecord


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


class CycleOnHold(DomainError):
    """The operator keeps the cycle where it is. Fields: ``cycle, reason``."""

    code = "cycle_on_hold"
    category = Category.CONFLICT
    detail = Label(
        "{cycle} is on hold ({reason}); release it first.",
        "{cycle} は保留中です（{reason}）。先に保留を解除してください。",
    )


class CycleNotOnHold(DomainError):
    """The cycle is not on hold. Fields: ``cycle``."""

    code = "cycle_not_on_hold"
    category = Category.CONFLICT
    detail = Label("{cycle} is not on hold.", "{cycle} は保留されていません。")


class CycleCannotBeHeld(DomainError):
    """A cycle is held from its cut-off until it is settled. Fields: ``cycle, state``."""

    code = "cycle_cannot_be_held"
    category = Category.CONFLICT
    detail = Label(
        "{cycle} is {state}: a cycle can be held from its cut-off until it is settled.",
        "{cycle} は {state} です。保留できるのは締切後、決済完了までの間です。",
    )


class ClientAccountMissing(DomainError):
    """The bank account that payments leave from is not stated. Fields: ``currency``."""

    code = "client_account_missing"
    category = Category.CONFLICT
    detail = Label(
        "Register the market's client account in {currency} before making transfer files.",
        "振込ファイルを作成する前に、通貨 {currency} の顧客口座を登録してください。",
    )


class FundsRegimeMissing(DomainError):
    """By what right money would be held is not declared. Fields: ``currency``."""

    code = "funds_regime_missing"
    category = Category.CONFLICT
    detail = Label(
        "Declare the funds regime under which money in {currency} is held before any is taken.",
        "通貨 {currency} の資金を受け入れる前に、資金の取扱い根拠（代理受領・信託・資金移動業等）を宣言してください。",
    )


class NothingToTransfer(DomainError):
    """No payment can be handed to the bank now. Fields: ``cycle`` (or the currency, or a payment), ``state``."""

    code = "nothing_to_transfer"
    category = Category.CONFLICT
    detail = Label(
        "{cycle} is {state} and has no planned payment to an account that can be paid.",
        "{cycle}（{state}）には、振込可能な口座への未送付の支払がありません。",
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


class SecondPersonNeeded(RefusalOnRecord):
    """An amount this large takes two people; nothing was done. Fields: ``approval``, ``expires_at``, ``command``.

    ``approval`` is the pending request that now stands. The same command by another person carries it out.
    """

    code = "second_person_needed"
    category = Category.CONFLICT
    detail = Label(
        "{command}: an amount this large needs a second person. {approval} waits until {expires_at} for somebody"
        " else of the operator to give the same command.",
        "{command}: この金額の実行には二人目の承認が必要です。{approval} は {expires_at}"
        " まで、別の担当者が同じ操作を行うのを待ちます。",
    )


class InvoiceReplaced(DomainError):
    """The invoice was corrected already; the one that replaced it may be. Fields: ``number``, ``by``."""

    code = "invoice_replaced"
    category = Category.CONFLICT
    detail = Label(
        "{number} was replaced by {by}; correct that one.",
        "{number} は {by} に差し替えられています。{by} を訂正してください。",
    )


class NotRegisteredIssuer(DomainError):
    """Only a registered issuer of qualified invoices can be represented. Fields: ``organisation``."""

    code = "not_registered_issuer"
    category = Category.CONFLICT
    detail = Label(
        "{organisation} has no registration number for qualified invoices, so the intermediary rule does not apply.",
        "{organisation} は適格請求書発行事業者の登録番号がないため、媒介者交付特例を利用できません。",
    )


class IntermediaryNoticeStands(DomainError):
    """An earlier notice of the seller was not withdrawn. Fields: ``notice``."""

    code = "intermediary_notice_stands"
    category = Category.CONFLICT
    detail = Label(
        "The notice {notice} stands already; withdraw it before giving another.",
        "届出 {notice} が既にあります。新たに届け出る前に取り下げてください。",
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
