"""Refusals of the ledger."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class InsufficientFunds(DomainError):
    """A posting would move an account's balance off its normal side. Fields: ``reference`` (what was to be posted)."""

    code = "insufficient_funds"
    category = Category.CONFLICT
    detail = Label(
        "There is not enough money for {reference}; pay in the missing amount first.",
        "{reference} に必要な残高が不足しています。不足額を入金してください。",
    )


class OperatorMoneyShort(DomainError):
    """The operator's own money on the client account does not cover it. Fields: ``missing_minor, currency``."""

    code = "operator_money_short"
    category = Category.CONFLICT
    detail = Label(
        "The operator's own money on the client account is {missing_minor} {currency} short of this: pay it in first"
        " (settlement-instructions/own-money/).",
        "顧客資金口座にある運営者の自己資金が {missing_minor} {currency} 不足しています。先に自己資金を払い込んでください"
        "（settlement-instructions/own-money/）。",
    )


class PeriodNotOver(DomainError):
    """Only a past month can be closed. Fields: ``month``."""

    code = "period_not_over"
    category = Category.CONFLICT
    field = "month"
    detail = Label(
        "The month {month} is not over; close it on or after the first day of the next month.",
        "{month} はまだ終了していません。翌月1日以降に締めてください。",
    )


class PeriodClosed(DomainError):
    """A later month is closed, which closed this one. Fields: ``month, closed``."""

    code = "period_closed"
    category = Category.CONFLICT
    field = "month"
    detail = Label(
        "{month} was closed together with {closed}; nothing can be booked in it.",
        "{month} は {closed} とともに締められており、記帳できません。",
    )


class FundsRegimeMissing(DomainError):
    """No funds regime is in force for the currency. Fields: ``currency``."""

    code = "funds_regime_missing"
    category = Category.CONFLICT
    detail = Label(
        "Declare the funds regime for {currency} before money in it is accepted.",
        "通貨 {currency} の資金を受け入れる前に、資金の取扱い根拠（代理受領・信託・資金移動業等）を宣言してください。",
    )


class PeriodUnbalanced(DomainError):
    """The clearing control account is not zero: a cycle is being posted into the month. Fields: ``month, currency``."""

    code = "period_unbalanced"
    category = Category.CONFLICT
    field = "month"
    detail = Label(
        "A cycle in {currency} is being posted into {month}; close the month when the cycle is posted.",
        "{month} には記帳中の清算サイクル（{currency}）があります。記帳の完了後に締めてください。",
    )
