"""Refusals of invoices."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


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
