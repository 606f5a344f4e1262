"""Invoices as PDF: a large one, such as the fees of a participant with thousands of trades, is rendered by a job."""

from __future__ import annotations

from typing import Any

from marketplace.documents.presentation import Language
from marketplace.documents.rendering import DocumentKind, read_pdf, request_pdf
from marketplace.kernel.labels import Label

from .models import Invoice

REPLACED = "+replaced"
"""Ends the subject of an invoice that was replaced: its PDF names the number of the replacement."""


def data_of(subject: str) -> dict[str, Any]:
    """What the PDF of an invoice shows, by its public identifier, with ``REPLACED`` once it is replaced."""
    rows = Invoice.objects.select_related("replaced_by")
    invoice = rows.get(public_id=subject.removesuffix(REPLACED))
    return _data(invoice) if subject.endswith(REPLACED) else invoice.document


INVOICE = DocumentKind(
    name="clearing.invoice",
    template="clearing/invoice",
    data_of=data_of,
    label=Label("make an invoice as PDF", "請求書PDFの作成"),
)


def invoice_pdf(invoice: Invoice, language: Language, organisation: str = "") -> bytes:
    """The invoice as PDF, from the recorded document; the same bytes every time.

    A replaced invoice names the number of its replacement. ``organisation``: the public identifier of who asks. Raises
    what ``read_pdf`` does.
    """
    return read_pdf(
        kind=INVOICE,
        subject=_subject(invoice, replaced=hasattr(invoice, "replaced_by")),
        data=_data(invoice),
        language=language,
        organisation=organisation,
    )


def request_issued_pdf(public_id: str, document: dict[str, Any], organisation: str) -> None:
    """Have an invoice rendered if it is large, in the transaction that issues it."""
    request_pdf(kind=INVOICE, subject=public_id, data=document, organisation=organisation)


def request_invoice_pdf(invoice: Invoice, organisation: str, *, replaced: bool = False) -> None:
    """Have an invoice rendered if it is large, in the transaction that issues it, or in which it is ``replaced``."""
    subject = _subject(invoice, replaced=replaced)
    request_pdf(kind=INVOICE, subject=subject, data=invoice.document, organisation=organisation)


def _subject(invoice: Invoice, *, replaced: bool) -> str:
    return invoice.public_id + (REPLACED if replaced else "")


def _data(invoice: Invoice) -> dict[str, Any]:
    data: dict[str, Any] = invoice.document
    replacement = getattr(invoice, "replaced_by", None)
    return data if replacement is None else data | {"replaced_by": replacement.number}
