"""Why a bank entry or statement waits, decided from it alone. No reads beside an allocation, no writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marketplace.kernel.labels import Label
from marketplace.kernel.waiting import Waiting, WaitingReason, WaitsFor

from .states import BankDirection, BankMatch, DebitKind, ImportState

if TYPE_CHECKING:
    from .debit_models import DebitBooking
    from .models import BankEntry, StatementImport

IN_SUSPENSE = WaitingReason(
    "bank_entry.in_suspense",
    Label(
        "the pay-in is in suspense; its owner is not known yet",
        "仮受中です。どの参加者の入金か判明していません",
    ),
    WaitsFor.OPERATOR,
    Label("The operator says whose pay-in it is.", "運営者がどの参加者の入金かを指定してください。"),
)
DEBIT_UNEXPLAINED = WaitingReason(
    "bank_entry.debit_unexplained",
    Label("no payment of the market explains the debit", "対応する支払指図のない出金です"),
    WaitsFor.OPERATOR,
    Label(
        "Two people of the operator find out what it was and book it: a bank fee, a wrong debit to be reclaimed, or a"
        " payment carried out twice.",
        "運営者の二人が銀行に照会し、銀行手数料・誤出金（返還請求）・二重払いのいずれかとして処理してください。",
    ),
)
RECLAIMED_FROM_BANK = WaitingReason(
    "debit_booking.reclaimed",
    Label(
        "the wrong debit is reclaimed from the bank and has not come back",
        "誤出金の返還を銀行に請求中です",
    ),
    WaitsFor.BANK,
    Label(
        "The operator has the bank return the money, imports the bank statement, and attributes the receipt.",
        "運営者が銀行から返還を受け、入出金明細を取り込んで入金を充当してください。",
    ),
)
RECLAIMED_FROM_PAYEE = WaitingReason(
    "debit_booking.paid_twice",
    Label(
        "the payment was carried out twice, and its payee has not returned the second",
        "支払が二重に実行され、受取人からの返還を待っています",
    ),
    WaitsFor.PARTICIPANT,
    Label(
        "The payee sends the money back under the payment's reference, or the operator attributes the receipt.",
        "受取人が支払の参照番号を付して返金するか、運営者が入金を充当してください。",
    ),
)

STATEMENT_BEFORE = WaitingReason(
    "statement_import.statement_before",
    Label(
        "the statement before it is not imported yet",
        "直前の期間の明細がまだ取り込まれていません",
    ),
    WaitsFor.OPERATOR,
    Label(
        "The operator uploads the statements between, or withdraws this one.",
        "運営者が間の期間の明細をアップロードするか、この明細を取り下げてください。",
    ),
)
CONFIRMATION = WaitingReason(
    "statement_import.confirmation",
    Label(
        "no second person has confirmed its hash and closing balance at the bank yet",
        "二人目の担当者による銀行画面でのハッシュ値・期末残高の確認を待っています",
    ),
    WaitsFor.OPERATOR,
    Label(
        "Another person than its uploader reads both at the bank and confirms them, or withdraws the statement.",
        "アップロードした人以外の担当者が、銀行の画面で両方を確認して入力するか、取り下げてください。",
    ),
)


def waiting_of_bank_entry(entry: BankEntry) -> Waiting | None:
    """What a bank entry waits for; None once it is recognised, allocated, booked, or attributed to a debit."""
    decided = any(hasattr(entry, name) for name in ("allocation", "debit_booking", "recoupment"))
    if entry.match != BankMatch.UNALLOCATED or decided:
        return None
    reason = IN_SUSPENSE if entry.direction == BankDirection.CREDIT else DEBIT_UNEXPLAINED
    return reason.waiting(since=entry.booked_on)


def waiting_of_debit_booking(booking: DebitBooking, open_minor: int) -> Waiting | None:
    """What a booked debit of which ``open_minor`` has not come back waits for; None once it is closed."""
    if booking.booked_as == DebitKind.BANK_FEE or open_minor == 0:
        return None
    reason = RECLAIMED_FROM_BANK if booking.booked_as == DebitKind.RECLAIMED else RECLAIMED_FROM_PAYEE
    return reason.waiting(since=booking.decided_at)


def waiting_of_statement_import(statement_import: StatementImport) -> Waiting | None:
    """What an uploaded statement waits for; None while its job is at work, and once it is over."""
    reason = {
        ImportState.WAITING: STATEMENT_BEFORE,
        ImportState.AWAITING_CONFIRMATION: CONFIRMATION,
    }.get(ImportState(statement_import.state))
    return reason.waiting(since=statement_import.received_at) if reason else None
