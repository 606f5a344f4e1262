"""Timestamps of checkpoints by an authority that is not the market (RFC 3161)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import LessThanOrEqual

from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField

from .guards import stamped_as_noted

ANSWER_BYTES_MAX = 65_536
"""So long an answer of an authority is read and kept; those of public authorities take 2 to 8 KB."""
SERIAL_LENGTH_MAX = 64
"""RFC 3161 allows serial numbers of 160 bits; in decimal they take 49 digits."""


class CheckpointTimestamp(models.Model):
    """What a timestamp authority answered about a checkpoint: ``answer`` is its TimeStampResp, byte for byte (DER).

    ``imprint`` is the hash by ``hash_algorithm`` over the UTF-8 bytes of the checkpoint's note; ``stated_at`` the authority's
    time (genTime), ``serial`` and ``policy`` what it states, ``nonce`` what the market asked with (decimal).

    Invariants: a checkpoint has one; the imprint is that of its note and stands in the answer; the authority's time is near
    that of the arrival, and not before the checkpoint. That a pinned certificate signed it, ``check_invariants`` verifies.
    Append-only.
    """

    public_id = IdentifierField(prefix="tst")
    checkpoint = models.OneToOneField(
        "evidence.Checkpoint", on_delete=models.PROTECT, related_name="timestamp"
    )
    hash_algorithm = models.CharField(max_length=6)
    imprint = models.BinaryField()
    serial = models.CharField(max_length=SERIAL_LENGTH_MAX)
    policy = models.CharField(max_length=200)
    nonce = models.CharField(max_length=SERIAL_LENGTH_MAX)
    authority = models.CharField(max_length=500)
    answer = models.BinaryField()
    stated_at = MomentField()
    received_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(hash_algorithm__in=("sha256", "sha512")), name="timestamp_hash_algorithm"
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("answer"), ANSWER_BYTES_MAX), name="timestamp_answer_bytes"
            ),
        ]
        triggers = [append_only(), dated_now(real=["received_at"]), stamped_as_noted()]
