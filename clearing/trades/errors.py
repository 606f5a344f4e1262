"""Refusals of trades and obligations."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class PartyNotIndependent(DomainError):
    """The operator and its affiliates are never buyer or seller of data. Fields: ``organisation``."""

    code = "party_not_independent"
    category = Category.FORBIDDEN
    detail = Label(
        "{organisation} is the operator or its affiliate and cannot be party to a trade.",
        "{organisation} は運営者またはその関係会社のため、取引の当事者になれません。",
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
