"""Errors of suspensions and trustees."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class OperatorStays(DomainError):
    """The operator's own organisation cannot be suspended."""

    code = "operator_stays"
    category = Category.CONFLICT
    detail = Label("The operator cannot be suspended.", "運営者自身を停止することはできません。")


class SuspensionStands(DomainError):
    """A suspension of this kind stands already, by the same document. Fields: ``suspension``."""

    code = "suspension_stands"
    category = Category.CONFLICT
    detail = Label(
        "The suspension {suspension} of this kind stands already, by the same document.",
        "同じ種類・同じ文書による停止 {suspension} が既に有効です。",
    )


class NotInInsolvency(DomainError):
    """A trustee acts only in insolvency proceedings. Fields: ``organisation``."""

    code = "not_in_insolvency"
    category = Category.CONFLICT
    detail = Label(
        "{organisation} is not suspended for insolvency. Suspend it first, with the number of the court's order.",
        "{organisation} は倒産手続による停止中ではありません。先に裁判所の決定番号を付して停止してください。",
    )


class TrusteeStays(DomainError):
    """The role of a trustee ends with the proceedings, or is given up by the trustee. Fields: ``member``."""

    code = "trustee_stays"
    category = Category.CONFLICT
    field = "member"
    detail = Label(
        "{member} is a trustee. Its role ends with the proceedings, or when the trustee gives it up.",
        "{member} は管財人です。管財人の役割は、手続の終了または本人の辞任により終了します。",
    )


class TrusteeProposed(DomainError):
    """This trustee is proposed already, with other particulars. Fields: ``appointment``."""

    code = "trustee_proposed"
    category = Category.CONFLICT
    field = "email"
    detail = Label(
        "The proposal {appointment} of this trustee waits with another name or document. Withdraw it first.",
        "この管財人については、氏名または文書の異なる提案 {appointment} が確認待ちです。先に取り下げてください。",
    )
