"""Enumerations of invoices. Pure; other applications may import them."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class InvoicePurpose(TextChoices):
    """Purposes of invoices."""

    PURCHASE = "purchase", Label("sale of a trade", "取引代金")
    FEE = "fee", Label("market fees of a cycle", "市場手数料")
    FEE_REFUND = "fee_refund", Label("market fees refunded in a cycle", "手数料の返金")
    CORRECTION = "correction", Label("correction of a trade", "取引の訂正")


class InvoiceKind(TextChoices):
    """Kinds of invoice; qualified only if the issuer is registered (Consumption Tax Act, article 57-4)."""

    QUALIFIED_INVOICE = "qualified_invoice", Label("qualified invoice", "適格請求書")
    INVOICE = "invoice", Label("invoice", "請求書")
    RETURN_INVOICE = "return_invoice", Label("return invoice", "返還請求書")
