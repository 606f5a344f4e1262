"""Queries on sealed documents."""

from __future__ import annotations

from .models import DocumentCertificate
from .seal_models import SealedDocument
from .serializers import pem_of


def certificates_of(*, kind: str, subject: str) -> str:
    """The certificates of the seals on the documents of a subject, and those that issued them, as PEM; each once."""
    sealed = SealedDocument.objects.filter(kind=kind, subject=subject)
    rows = DocumentCertificate.objects.filter(pk__in=sealed.values("certificate")).order_by("pk")
    return "".join(pem_of(row) for row in rows)
