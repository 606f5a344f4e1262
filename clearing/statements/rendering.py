"""Monthly statements as PDF: one of many movements or invoices is rendered by a job."""

from __future__ import annotations

from typing import Any

from marketplace.documents.presentation import Language
from marketplace.documents.rendering import DocumentKind, read_pdf, request_pdf
from marketplace.kernel.labels import Label

from .models import MonthlyStatement


def data_of(subject: str) -> dict[str, Any]:
    """What the PDF of a statement shows, by its public identifier."""
    document: dict[str, Any] = MonthlyStatement.objects.get(public_id=subject).document
    return document


STATEMENT = DocumentKind(
    name="clearing.statement",
    template="clearing/statement",
    data_of=data_of,
    label=Label("make a monthly statement as PDF", "月次明細PDFの作成"),
)


def statement_pdf(statement: MonthlyStatement, language: Language, organisation: str = "") -> bytes:
    """The statement as PDF, from the recorded document; the same bytes every time.

    ``organisation``: the public identifier of who asks. Raises what ``read_pdf`` does.
    """
    return read_pdf(
        kind=STATEMENT,
        subject=statement.public_id,
        data=statement.document,
        language=language,
        organisation=organisation,
    )


def request_statement_pdf(statement: MonthlyStatement, organisation: str) -> None:
    """Have a statement rendered if it is large, in the transaction that makes it."""
    request_pdf(
        kind=STATEMENT, subject=statement.public_id, data=statement.document, organisation=organisation
    )
