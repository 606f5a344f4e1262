"""Reading invoices."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from marketplace.documents.presentation import Language
from marketplace.documents.services import render_pdf
from marketplace.kernel.actors import Actor

from ..models import Invoice
from .sight import own_key

TEMPLATE = "clearing/invoice"


def invoice_count() -> int:
    """How many invoices were issued."""
    return Invoice.objects.count()


def visible_invoices(actor: Actor) -> QuerySet[Invoice]:
    """Invoices that the actor's organisation issued or received; every one, for the operator."""
    rows = Invoice.objects.select_related("cycle", "obligation__trade")
    if actor.may_see():
        return rows
    own = own_key(actor)
    return rows.filter(Q(issuer_id=own) | Q(recipient_id=own))


def invoice_pdf(invoice: Invoice, language: Language) -> bytes:
    """The invoice as PDF, out of what was kept when it was issued; the same bytes every time."""
    return render_pdf(template=TEMPLATE, data=invoice.document, language=language)
