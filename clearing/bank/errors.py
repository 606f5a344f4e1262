"""Refusals about bank entries."""

from __future__ import annotations

from collections.abc import Sequence

from marketplace.kernel.errors import Category, DomainError, FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.refusals import RecordedRefusal


class StatementFaulty(FieldInvalid):
    """Lines of a bank statement are faulty; the first is named as the invalid field, ``faults`` has all of them."""

    def __init__(self, faults: Sequence[FieldInvalid]) -> None:
        """``faults``: at least one, in the order of the file."""
        super().__init__(faults[0].name, faults[0].fields["reason"])
        self.faults = tuple(faults)


class BankEntryChanged(DomainError):
    """A known bank entry has other values in this file. Fields: ``line, entry_reference``."""

    code = "bank_entry_changed"
    category = Category.CONFLICT
    field = "content"
    detail = Label(
        "Line {line}: the bank entry {entry_reference} was imported before with other values; nothing was imported.",
        "{line}行目: 入出金 {entry_reference} は別の内容で取込済みです。何も取り込まれていません。",
    )


class StatementDoesNotContinue(DomainError):
    """The opening balance differs from the balance before. Fields: ``line, stated_minor, expected_minor, difference_minor, currency``."""

    code = "statement_does_not_continue"
    category = Category.CONFLICT
    field = "opening_balance_minor"
    detail = Label(
        "Line {line}: the statement opens with {stated_minor} {currency}, where the statements before it leave"
        " {expected_minor}: a difference of {difference_minor}; nothing was imported.",
        "{line}行目: 期首残高 {stated_minor} {currency} が、取込済みの明細による残高 {expected_minor} と一致しません（差"
        " {difference_minor}）。何も取り込まれていません。",
    )


class StatementOverlaps(DomainError):
    """The file has other content for days that are imported already, or ends before them. Fields: ``line, day``."""

    code = "statement_overlaps"
    category = Category.CONFLICT
    field = "opening_on"
    detail = Label(
        "Line {line}: the statements up to {day} are imported, and this file has other entries for days before its end;"
        " nothing was imported.",
        "{line}行目: {day} までの明細は取込済みですが、このファイルの同じ期間の内容が異なります。何も取り込まれていません。",
    )


class AnotherPersonNeeded(DomainError):
    """Who uploaded a statement, or answers for the program that did, cannot confirm it. Fields: ``statement_import``."""

    code = "another_person_needed"
    category = Category.CONFLICT
    detail = Label(
        "You or your program uploaded {statement_import}: another person confirms it.",
        "{statement_import} はご自身またはご自身のプログラムがアップロードしたものです。別の担当者が確認してください。",
    )


class ConfirmationDiffers(RecordedRefusal):
    """The hash or the closing balance read at the bank is not that of the upload. Fields: ``statement_import``."""

    code = "confirmation_differs"
    category = Category.CONFLICT
    detail = Label(
        "The SHA-256 or the closing balance is not that of {statement_import}. Read both at the bank again; if they"
        " still differ, the upload is not the bank's statement: withdraw it.",
        "SHA-256または期末残高が {statement_import} と一致しません。銀行の画面で再度確認し、なお異なる場合はアップロードされた"
        "ファイルは銀行の明細ではないため、取り下げてください。",
    )


class NotUnallocated(DomainError):
    """The bank entry is not a pay-in in suspense. Fields: ``bank_entry``."""

    code = "not_unallocated"
    category = Category.CONFLICT
    detail = Label("{bank_entry} is not a pay-in in suspense.", "{bank_entry} は仮受中の入金ではありません。")


class NotInSuspense(DomainError):
    """The bank entry is not in suspense, is of the other direction, or was decided on. Fields: ``bank_entry``."""

    code = "not_in_suspense"
    category = Category.CONFLICT
    detail = Label(
        "{bank_entry} is not in suspense, or goes the other way. GET bank-entries/?waits_for_operator=true lists what is.",
        "{bank_entry} は仮受・仮払中ではないか、入出金の方向が異なります。未処理の一覧は"
        " bank-entries/?waits_for_operator=true で確認できます。",
    )


class NotRepeated(DomainError):
    """The bank did not carry the payment out otherwise, or it is of another amount. Fields: ``bank_entry, instruction``."""

    code = "not_repeated"
    category = Category.CONFLICT
    field = "instruction"
    detail = Label(
        "{bank_entry} is no second carrying-out of {instruction}: name a payment out of the same amount that another bank"
        " entry confirmed, or that failed and was made again.",
        "{bank_entry} は {instruction} の二重実行ではありません。同額の出金で、別の入出金により確認済み、または不能後に"
        "再送された支払を指定してください。",
    )


class NotReturnedBy(DomainError):
    """The receipt does not fit the reclaimed debit. Fields: ``bank_entry, debit``."""

    code = "not_returned_by"
    category = Category.CONFLICT
    field = "debit"
    detail = Label(
        "{bank_entry} cannot return {debit}: name a reclaimed debit in its currency of which at least its amount is open"
        " (GET debit-bookings/?open=true).",
        "{bank_entry} は {debit} の返還にあたりません。同じ通貨で、未返還額がこの入金額以上の返還請求を指定してください"
        "（debit-bookings/?open=true）。",
    )


class SendingNotShut(DomainError):
    """Sending in the currency is open, or a newer restoration shuts it. Fields: ``restoration, currency``."""

    code = "sending_not_shut"
    category = Category.CONFLICT
    detail = Label(
        "{restoration} does not shut the sending of payments in {currency}: it is open, or a newer restoration shuts it.",
        "{restoration} により停止されている {currency} の支払送付はありません（再開済み、または新しい復旧があります）。",
    )


class StatementsOutstanding(DomainError):
    """The newest bank statement does not reach ``day``, or was imported before it ended. Fields: ``currency, day``."""

    code = "statements_outstanding"
    category = Category.CONFLICT
    detail = Label(
        "After {day}, import the bank statements in {currency} up to that day or a later one: on {day} the bank carries"
        " out what was handed to it before the restoration.",
        "{day} の翌日以降に、{currency} の同日以降までの入出金明細を取り込んでください。復旧前に送付された支払は {day} に"
        "実行されます。",
    )


class StatementUnreconciled(DomainError):
    """The bank's closing balance differs from the ledger. Fields: ``statement, stated_minor, ledger_minor, currency``."""

    code = "statement_unreconciled"
    category = Category.CONFLICT
    detail = Label(
        "{statement} states a closing balance of {stated_minor} {currency}, the ledger has {ledger_minor}: import the"
        " statements that are missing.",
        "{statement} の期末残高 {stated_minor} {currency} が帳簿残高 {ledger_minor} と一致しません。不足している入出金明細を"
        "取り込んでください。",
    )
