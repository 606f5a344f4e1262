"""Enumerations of invoices. Pure; other applications may import them."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label

from ..trades.obligation_kinds import Document


class InvoicePurpose(TextChoices):
    """Purposes of invoices: the documents of ``obligation_kinds``."""

    PURCHASE = Document.PURCHASE.value, Label("sale of a trade", "取引代金")
    FEE = Document.FEE.value, Label("market fees of a cycle", "市場手数料")
    FEE_REFUND = Document.FEE_REFUND.value, Label("market fees refunded in a cycle", "手数料の返金")
    CORRECTION = Document.CORRECTION.value, Label("correction of a trade", "取引の訂正")


class InvoiceKind(TextChoices):
    """Kinds of invoice; qualified only if the issuer is registered (Consumption Tax Act, article 57-4)."""

    QUALIFIED_INVOICE = "qualified_invoice", Label("qualified invoice", "適格請求書")
    INVOICE = "invoice", Label("invoice", "請求書")
    RETURN_INVOICE = "return_invoice", Label("return invoice", "返還請求書")
