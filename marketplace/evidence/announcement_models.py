"""Announcements of the market's next signing key, by two people of the operator."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import Exact

from marketplace.kernel.columns import MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField

from .guards import announced_before_use

REASON_LENGTH_MAX = 500


class KeyAnnouncement(models.Model):
    """Two people of the operator announce the key by which the market will sign from ``effective_from`` on (business time).

    ``handover`` is a JWS by the key in force that names the new one; evidence of it stands in the log that this key signs.
    ``is_emergency``: the key in force is lost or disclosed, so nothing hands over and there is no notice; the history shows it.
    Of two announcements the later one counts.

    Invariants: the key identifier is that of the key; a key is announced once, and never after it has signed; by two; with a
    handover and a notice, or as an emergency with neither. Append-only.
    """

    public_id = IdentifierField(prefix="kan")
    name = models.CharField(max_length=200)
    kid = models.CharField(max_length=64, unique=True)
    key_id = models.CharField(max_length=8)
    public_key = models.BinaryField(unique=True)
    handover = models.TextField(blank=True, default="")
    is_emergency = models.BooleanField()
    reason = models.CharField(max_length=REASON_LENGTH_MAX)
    salt = SaltField()
    first_person = models.CharField(max_length=60)
    announced_by = models.CharField(max_length=60)
    announced_at = MomentField()
    effective_from = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Exact(Length("public_key"), models.Value(32)) & ~Q(reason=""),
                name="announcement_key_length",
            ),
            models.CheckConstraint(
                condition=~Q(first_person="") & ~Q(announced_by="") & ~Q(announced_by=F("first_person")),
                name="announcement_by_two",
            ),
            models.CheckConstraint(
                condition=Q(is_emergency=True, handover="", effective_from=F("announced_at"))
                | Q(is_emergency=False, effective_from__gte=F("announced_at")) & ~Q(handover=""),
                name="announcement_handed_over",
            ),
        ]
        triggers = [
            append_only(),
            dated_now("announced_at", real=["recorded_at"], stated=["effective_from"]),
            announced_before_use(),
        ]
