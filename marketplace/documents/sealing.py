"""Sealing of rendered documents, and what is kept of it: the sealed file, its certificate, and evidence of both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction
from pyhanko.sign.timestamps.common_utils import TimestampRequestError

from marketplace.evidence.services import Fact, record_all
from marketplace.evidence.timestamp_errors import AuthorityMisconfigured, TimestampRefused
from marketplace.evidence.timestamps import is_configured, pinned_certificates
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.outside import require_no_transaction

from .errors import SealFaulty
from .models import DocumentCertificate, SealedDocument
from .presentation import Language
from .seal_keys import Sealer, sealer
from .seal_models import SUBJECT_LENGTH_MAX, SealLevel
from .seals import Ask, seal_faults, seal_pdf

_ROWS_READ = 16


def seal_and_keep(*, kind: str, subject: str, language: Language, content: bytes, ask: Ask | None) -> bytes:
    """Seal a PDF, verify the seal, and keep the file with evidence; returns the kept bytes, of whoever was first.

    ``ask`` asks the timestamp authority, if the market has one. Raises SealMisconfigured, SealFaulty, TimestampRefused, and
    OutsideWorkInTransaction inside a transaction.
    """
    require_no_transaction("sealing a document")
    by = sealer()
    stamps = ask if is_configured() else None
    try:
        sealed = seal_pdf(content, by, ask=stamps)
    except TimestampRequestError as error:
        raise TimestampRefused("unreadable", str(error)) from error
    faults = _faults(sealed, by.certificate, by.root, is_stamped=stamps is not None)
    if faults:
        raise SealFaulty(reason="; ".join(faults))
    return _keep(kind, subject, language, sealed, by, is_stamped=stamps is not None)


@transaction.atomic
def _keep(
    kind: str, subject: str, language: Language, sealed: bytes, by: Sealer, *, is_stamped: bool
) -> bytes:
    certificate, is_new = _certificate_row(by)
    row = SealedDocument(
        kind=kind,
        subject=subject,
        language=language,
        content=sealed,
        sha256=sha256_hex(sealed),
        level=SealLevel.TIMESTAMPED if is_stamped else SealLevel.SIGNED,
        certificate=certificate,
    )
    # Two may have asked at once.
    SealedDocument.objects.bulk_create([row], ignore_conflicts=True)
    kept = SealedDocument.objects.get(kind=kind, subject=subject, language=language)
    facts = [_certificate_fact(certificate)] if is_new else []
    if kept.public_id == row.public_id:
        facts.append(_sealed_fact(row))
    record_all(facts)
    return bytes(kept.content)


def _certificate_row(by: Sealer) -> tuple[DocumentCertificate, bool]:
    """The row of a certificate, and whether it was made now."""
    made = DocumentCertificate(
        fingerprint=by.fingerprint,
        certificate=by.certificate.public_bytes(Encoding.DER),
        issuers="".join(each.public_bytes(Encoding.PEM).decode() for each in by.issuers),
        subject=by.certificate.subject.rfc4514_string()[:SUBJECT_LENGTH_MAX],
        not_before=by.certificate.not_valid_before_utc,
        not_after=by.certificate.not_valid_after_utc,
    )
    known = DocumentCertificate.objects.filter(fingerprint=by.fingerprint)
    if not known.exists():
        DocumentCertificate.objects.bulk_create([made], ignore_conflicts=True)
    row = known.get()
    return row, row.public_id == made.public_id


def _certificate_fact(row: DocumentCertificate) -> Fact:
    return Fact(
        kind="documents.certificate_added",
        subject=row.public_id,
        actor=SYSTEM,
        payload={"fingerprint": row.fingerprint, "subject": row.subject},
    )


def _sealed_fact(row: SealedDocument) -> Fact:
    """Evidence about the document's subject, so that it is shown to those whose that is."""
    return Fact(
        kind="documents.sealed",
        subject=row.subject,
        actor=SYSTEM,
        payload={
            "document": row.public_id,
            "kind": row.kind,
            "language": row.language,
            "sha256": row.sha256,
            "level": row.level,
        },
    )


def _faults(
    content: bytes, certificate: x509.Certificate, root: x509.Certificate, *, is_stamped: bool
) -> list[str]:
    try:
        stamping_roots = pinned_certificates() if is_stamped else []
    except AuthorityMisconfigured as error:
        return [f"its timestamp cannot be verified: {error}"]
    return seal_faults(
        content,
        certificate=certificate,
        roots=[root],
        stamping_roots=stamping_roots,
        is_stamped=is_stamped,
    )


def faulty_seals() -> Iterator[dict[str, Any]]:
    """Kept documents whose seal does not verify under the certificate of their row, with what is wrong."""
    reached = 0
    while rows := list(
        SealedDocument.objects.filter(pk__gt=reached)
        .select_related("certificate")
        .order_by("pk")[:_ROWS_READ]
    ):
        for row in rows:
            certificate = x509.load_der_x509_certificate(bytes(row.certificate.certificate))
            issuers = row.certificate.issuers.encode()
            root = x509.load_pem_x509_certificates(issuers)[-1] if issuers else certificate
            faults = _faults(
                bytes(row.content), certificate, root, is_stamped=row.level == SealLevel.TIMESTAMPED
            )
            if faults:
                yield {"document": row.public_id, "faults": faults}
        reached = rows[-1].pk
