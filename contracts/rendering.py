"""Agreements as PDF: one of a long template is rendered by a job."""

from __future__ import annotations

from typing import Any

from marketplace.documents.presentation import Language
from marketplace.documents.rendering import DocumentKind, read_pdf
from marketplace.kernel.labels import Label

from .agreement_document import TEMPLATE
from .models import Agreement
from .queries import document_data


def data_of(subject: str) -> dict[str, Any]:
    """What the PDF of an agreement shows, by its public identifier."""
    return document_data(Agreement.objects.select_related("instrument").get(public_id=subject))


AGREEMENT = DocumentKind(
    name="contracts.agreement",
    template=TEMPLATE,
    data_of=data_of,
    label=Label("make an agreement as PDF", "契約書PDFの作成"),
)


def agreement_pdf(agreement: Agreement, language: Language, organisation: str = "") -> bytes:
    """The agreement with its signatures as PDF; the same bytes every time.

    ``organisation``: the public identifier of who asks. Raises what ``read_pdf`` does.
    """
    return read_pdf(
        kind=AGREEMENT,
        subject=agreement.public_id,
        data=document_data(agreement),
        language=language,
        organisation=organisation,
    )
