"""Rendered documents."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now

from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import append_only, dated_now

from .seal_models import LANGUAGES, DocumentCertificate, SealedDocument

__all__ = ["DocumentCertificate", "RenderedDocument", "SealedDocument"]


class RenderedDocument(models.Model):
    """A PDF that a job rendered, because it is too large to be rendered while a client waits.

    ``kind`` names the ``DocumentKind``, ``subject`` what it shows; ``sha256`` is of ``content``. It can be rendered again
    from what it shows, so it leaves after the retention that the settings state.

    Invariants: of one kind, subject and language there is one; its bytes have its hash. Append-only.
    """

    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=60)
    language = models.CharField(max_length=2)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    rendered_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject", "language"], name="rendered_document_once"),
            models.CheckConstraint(
                condition=Q(
                    sha256=Func(
                        Func(F("content"), function="sha256", output_field=models.BinaryField()),
                        Value("hex"),
                        function="encode",
                        output_field=models.CharField(),
                    )
                ),
                name="rendered_document_hash",
            ),
            models.CheckConstraint(condition=Q(language__in=LANGUAGES), name="rendered_document_language"),
        ]
        triggers = [append_only(), dated_now(real=["rendered_at"])]
