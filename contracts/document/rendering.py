"""Agreements as PDF that the operator seals: one of a long template, or one that is timestamped, is made by a job."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from marketplace.documents.presentation import Language
from marketplace.documents.rendering import DocumentKind, read_pdf
from marketplace.kernel.labels import Label
from marketplace.oversight.timestamps.asking import ask_authority

from ..amending.queries import Signed, version_asked
from ..models import Agreement, AgreementVersion
from ..queries import document_data
from .agreement import TEMPLATE

DIRECT_SIZE_MAX = 80_000
"""Its data has the text in two languages, of which a PDF shows one: one of 32,000 is rendered in 0.1 s."""


def data_of(subject: str) -> dict[str, Any]:
    """What the PDF of an agreement shows, by its public identifier, or by that of a later version."""
    agreements = Agreement.objects.select_related("instrument")
    found = agreements.filter(public_id=subject).first()
    if found is not None:
        return document_data(found)
    version = AgreementVersion.objects.get(public_id=subject)
    found = agreements.get(pk=version.agreement_id)
    return document_data(found, version_asked(found, str(version.number)))


def _ask(question: bytes) -> bytes:
    """What the timestamp authority of the settings answers."""
    return ask_authority(
        settings.TIMESTAMP_AUTHORITY_URL, question, seconds_max=settings.TIMESTAMP_SILENT_SECONDS_MAX
    )


AGREEMENT = DocumentKind(
    name="contracts.agreement",
    template=TEMPLATE,
    data_of=data_of,
    label=Label("make an agreement as PDF", "契約書PDFの作成"),
    direct_size_max=DIRECT_SIZE_MAX,
    is_sealed=True,
    ask=_ask,
)


def agreement_pdf(
    agreement: Agreement, language: Language, organisation: str = "", signed: Signed | None = None
) -> bytes:
    """The agreement with its signatures as PDF with the operator's seal (PAdES), of one version, without it of the first; the same bytes every time.

    ``organisation``: the public identifier of who asks. Raises what ``read_pdf`` does.
    """
    return read_pdf(
        kind=AGREEMENT,
        subject=signed.version.public_id if signed and signed.version else agreement.public_id,
        data=document_data(agreement, signed),
        language=language,
        organisation=organisation,
    )
