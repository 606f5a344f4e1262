"""Sealed documents, and the certificates that they were sealed with."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now

from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField

LANGUAGES = ("ja", "en")
SUBJECT_LENGTH_MAX = 500


class SealLevel(models.TextChoices):
    """The level of a seal in PAdES (ETSI EN 319 142-1)."""

    SIGNED = "B-B", "B-B"
    TIMESTAMPED = "B-T", "B-T"


def _hash_of(column: str) -> Func:
    digest = Func(F(column), function="sha256", output_field=models.BinaryField())
    return Func(digest, Value("hex"), function="encode", output_field=models.CharField())


def sealed_while_valid() -> pgtrigger.Trigger:
    """A document is sealed while the certificate of its seal is valid."""
    return pgtrigger.Trigger(
        name="sealed_while_valid",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
IF NOT EXISTS (
    SELECT FROM public.documents_documentcertificate c
     WHERE c.id = NEW.certificate_id AND NEW.sealed_at BETWEEN c.not_before AND c.not_after
) THEN
    RAISE EXCEPTION 'a document is sealed while its certificate is valid'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'sealed_while_valid';
END IF;
RETURN NEW;
""",
    )


class DocumentCertificate(models.Model):
    """A certificate (X.509) with which the operator has sealed documents; its key stands in the settings alone.

    ``certificate`` is DER, ``fingerprint`` its SHA-256, ``issuers`` the PEM of those that issued it, up to the root. It stays
    published after another follows it, so that what it sealed is verified for ever. Append-only.

    Invariants: a certificate is here once, under its own hash.
    """

    public_id = IdentifierField(prefix="dcr")
    fingerprint = models.CharField(max_length=64, unique=True)
    certificate = models.BinaryField()
    issuers = models.TextField(blank=True, default="")
    subject = models.CharField(max_length=SUBJECT_LENGTH_MAX)
    not_before = MomentField()
    not_after = MomentField()
    since = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(fingerprint=_hash_of("certificate")), name="document_certificate_hash"
            ),
            models.CheckConstraint(
                condition=Q(not_before__lt=F("not_after")), name="document_certificate_valid"
            ),
        ]
        triggers = [append_only(), dated_now(real=["since"], stated=["not_before", "not_after"])]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class SealedDocument(models.Model):
    """A PDF with the operator's seal (PAdES), byte for byte: another seal over the same page would have other bytes.

    ``kind`` names the ``DocumentKind``, ``subject`` what it shows (a public identifier); ``sha256`` is of ``content``. It stays.

    Invariants: of one kind, subject and language there is one; its bytes have its hash, which evidence of the subject states too;
    its certificate is one of the operator's and was valid. Append-only. That the seal verifies, ``check_invariants`` finds.
    """

    public_id = IdentifierField(prefix="sld")
    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=60)
    language = models.CharField(max_length=2)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    level = models.CharField(max_length=3, choices=SealLevel.choices)
    certificate = models.ForeignKey(DocumentCertificate, on_delete=models.PROTECT, related_name="+")
    sealed_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject", "language"], name="sealed_document_once"),
            models.CheckConstraint(condition=Q(sha256=_hash_of("content")), name="sealed_document_hash"),
            models.CheckConstraint(condition=Q(language__in=LANGUAGES), name="sealed_document_language"),
            models.CheckConstraint(condition=Q(level__in=SealLevel.values), name="sealed_document_level"),
        ]
        triggers = [append_only(), dated_now(real=["sealed_at"]), sealed_while_valid()]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
