"""Refusals of trades and obligations."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class PartyNotIndependent(DomainError):
    """The operator and its affiliates are never buyer or seller of data. Fields: ``organisation``."""

    code = "party_not_independent"
    category = Category.FORBIDDEN
    detail = Label(
        "{organisation} is the operator or its affiliate and cannot be a party to a trade.",
        "{organisation} は運営者またはその関係会社のため、取引の当事者になれません。",
    )


class ChargingFaulty(DomainError):
    """The terms of charging cannot be carried out; nothing was recorded. Fields: ``agreement``, ``what``."""

    code = "charging_faulty"
    detail = Label(
        "{agreement} cannot be charged on its terms: {what}.",
        "{agreement} の課金条件を実行できません: {what}",
    )


class NotAcceptedYet(DomainError):
    """Only an accepted trade is corrected; before acceptance the buyer opens a dispute. Fields: ``trade, state``."""

    code = "not_accepted_yet"
    category = Category.CONFLICT
    detail = Label(
        "{trade} is {state}: only an accepted trade can be corrected; before acceptance the buyer opens a dispute.",
        "{trade} は {state} です。訂正できるのは検収済みの取引のみです。検収前は異議を申し立ててください。",
    )


class BeyondCaptured(DomainError):
    """The refund exceeds what remains of the captured price. Fields: ``trade, remaining_minor``."""

    code = "beyond_captured"
    category = Category.CONFLICT
    field = "amount_minor"
    detail = Label(
        "At most {remaining_minor} of {trade} can still be refunded.",
        "{trade} で返金できる残額は {remaining_minor} です。",
    )


class NotReversible(DomainError):
    """The obligation is not a correction, or is reversed already. Fields: ``obligation``."""

    code = "not_reversible"
    category = Category.CONFLICT
    detail = Label(
        "{obligation} is not a correction that can be reversed.",
        "{obligation} は取り消せる訂正ではありません。",
    )


class UsageFaulty(DomainError):
    """A use of metered data cannot be recorded. Fields: ``usage``, ``what``."""

    code = "usage_faulty"
    detail = Label("Use {usage} cannot be recorded: {what}.", "利用 {usage} を記録できません: {what}")
