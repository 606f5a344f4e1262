"""What the sides of a dispute state, and the files that they hand in."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Func, Q, Value

from marketplace.kernel.columns import MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField
from marketplace.participants.media import ACCEPTED

from ..attachments.models import ATTACHMENT_BYTES_MAX, FILE_NAME_LENGTH_MAX
from ..states import DisputeParty
from . import guards as dispute_guards
from .models import ACTOR_LENGTH_MAX
from .states import StatementKind


class Statement(models.Model):
    """What a side states after the opening statement: an answer to it, or one reply.

    Invariants: each kind once a side; the answer by another side than that which opened the dispute, within ``answer_by``; a reply within
    ``REPLY_DAYS`` of the last answer; while the dispute is open; append-only.
    """

    public_id = IdentifierField(prefix="dsm")
    salt = SaltField()
    dispute = models.ForeignKey("contracts.Dispute", on_delete=models.PROTECT, related_name="statements")
    kind = models.CharField(max_length=6, choices=StatementKind.choices)
    party = models.CharField(max_length=11, choices=DisputeParty.choices)
    text = models.TextField()
    stated_by = models.CharField(max_length=ACTOR_LENGTH_MAX)
    stated_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dispute", "party", "kind"], name="dispute_statement_once"),
            models.CheckConstraint(
                condition=Q(kind__in=StatementKind.values, party__in=DisputeParty.values) & ~Q(text=""),
                name="dispute_statement_stated",
            ),
        ]
        triggers = [append_only(), dated_now("stated_at"), dispute_guards.stated_in_time()]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class DisputeFile(models.Model):
    """A file that a side of an open dispute hands in, with its hash.

    Invariants: a PDF, JPEG or PNG file of at most ``ATTACHMENT_BYTES_MAX``; its hash is that of its content; at most ``FILES_MAX`` a side;
    append-only.
    """

    public_id = IdentifierField(prefix="dfl")
    dispute = models.ForeignKey("contracts.Dispute", on_delete=models.PROTECT, related_name="files")
    party = models.CharField(max_length=11, choices=DisputeParty.choices)
    file_name = models.CharField(max_length=FILE_NAME_LENGTH_MAX)
    media_type = models.CharField(max_length=20)
    content = models.BinaryField()
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    added_by = models.CharField(max_length=ACTOR_LENGTH_MAX)
    added_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dispute", "party", "sha256"], name="dispute_file_once"),
            models.CheckConstraint(
                condition=Q(media_type__in=sorted(ACCEPTED), party__in=DisputeParty.values)
                & ~Q(file_name=""),
                name="dispute_file_kind",
            ),
            models.CheckConstraint(
                condition=Q(size_bytes__gt=0, size_bytes__lte=ATTACHMENT_BYTES_MAX)
                & Q(
                    size_bytes=Func(F("content"), function="octet_length", output_field=models.IntegerField())
                ),
                name="dispute_file_size",
            ),
            models.CheckConstraint(
                condition=Q(
                    sha256=Func(
                        Func(F("content"), function="sha256", output_field=models.BinaryField()),
                        Value("hex"),
                        function="encode",
                        output_field=models.CharField(),
                    )
                ),
                name="dispute_file_hash",
            ),
        ]
        triggers = [append_only(), dated_now("added_at"), dispute_guards.filed_while_open()]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
