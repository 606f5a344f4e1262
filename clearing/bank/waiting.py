"""Why a bank entry or statement waits, decided from it alone. No reads beside an allocation, no writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marketplace.kernel.labels import Label
from marketplace.kernel.waiting import Waiting, WaitingReason, WaitsFor

from .states import BankDirection, BankMatch, ImportState

if TYPE_CHECKING:
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
        "The operator looks the debit up at the bank and has the money returned.",
        "運営者が銀行に照会し、資金の返還を受けてください。",
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
    """What a bank entry waits for; None once it is recognised or allocated."""
    if entry.match != BankMatch.UNALLOCATED or hasattr(entry, "allocation"):
        return None
    reason = IN_SUSPENSE if entry.direction == BankDirection.CREDIT else DEBIT_UNEXPLAINED
    return reason.waiting(since=entry.booked_on)


def waiting_of_statement_import(statement_import: StatementImport) -> Waiting | None:
    """What an uploaded statement waits for; None while its job is at work, and once it is over."""
    reason = {
        ImportState.WAITING: STATEMENT_BEFORE,
        ImportState.AWAITING_CONFIRMATION: CONFIRMATION,
    }.get(ImportState(statement_import.state))
    return reason.waiting(since=statement_import.received_at) if reason else None
