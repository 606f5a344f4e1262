"""Records, the chain over them, and checkpoints."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.kernel.guards import append_only
from marketplace.kernel.identifiers import IdentifierField


class EvidenceRecord(models.Model):
    """A fact, recorded in the transaction of the change itself.

    ``payload`` is a JSON object of identifiers, hashes, codes and amounts. ``occurred_at`` is business time,
    ``recorded_at`` real time. Services write records without a chain link, so they do not wait for each other; the
    sealer adds the links. Append-only.
    """

    public_id = IdentifierField(prefix="evi")
    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=60)
    actor = models.CharField(max_length=60)
    payload = models.JSONField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index("subject", "id", name="evidence_subject")]
        triggers = [append_only()]


class ChainLink(models.Model):
    """A record's place in the chain: ``hash`` covers the record and the previous link's hash.

    Invariant: positions are 1, 2, 3, … without a gap, and a record is linked once. Append-only.
    """

    position = models.BigIntegerField(primary_key=True)
    record = models.OneToOneField(EvidenceRecord, on_delete=models.PROTECT, related_name="+")
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(position__gte=1), name="chain_from_one")]
        triggers = [append_only()]


class Checkpoint(models.Model):
    """The Merkle root over the first ``size`` links, signed by the market (compact JWS). Append-only."""

    public_id = IdentifierField(prefix="chk")
    size = models.BigIntegerField(unique=True)
    root = models.CharField(max_length=64)
    signature = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        triggers = [append_only()]
