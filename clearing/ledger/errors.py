"""Refusals of the ledger."""

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


class FundsRegimeMissing(DomainError):
    """By what right money would be held is not declared. Fields: ``currency``."""

    code = "funds_regime_missing"
    category = Category.CONFLICT
    detail = Label(
        "Declare the funds regime under which money in {currency} is held before any is taken.",
        "通貨 {currency} の資金を受け入れる前に、資金の取扱い根拠（代理受領・信託・資金移動業等）を宣言してください。",
    )
