"""Refusals of invoices."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class InvoiceReplaced(DomainError):
    """The invoice was replaced already; only its replacement can be corrected. Fields: ``number``, ``by``."""

    code = "invoice_replaced"
    category = Category.CONFLICT
    detail = Label(
        "{number} was replaced by {by}; correct that one.",
        "{number} は {by} に差し替えられています。{by} を訂正してください。",
    )


class NotRegisteredIssuer(DomainError):
    """The organisation is not a registered issuer of qualified invoices. Fields: ``organisation``."""

    code = "not_registered_issuer"
    category = Category.CONFLICT
    detail = Label(
        "{organisation} has no registration number for qualified invoices, so the intermediary rule does not apply.",
        "{organisation} は適格請求書発行事業者の登録番号がないため、媒介者交付特例を利用できません。",
    )


class IntermediaryNoticeStands(DomainError):
    """An earlier notice of the seller is not withdrawn. Fields: ``notice``."""

    code = "intermediary_notice_stands"
    category = Category.CONFLICT
    detail = Label(
        "The notice {notice} is still in force; withdraw it before giving another.",
        "届出 {notice} が有効です。新たに届け出る前に取り下げてください。",
    )
