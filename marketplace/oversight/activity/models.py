"""Records of participants' activity: who asked for them, and the file that was made."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import Permission

from ..acting import by_staff_or_member
from .guards import not_too_often
from .states import REASON_LENGTH_MAX

MEMBER = Permission.ORGANISATION_WRITE
"""Who asks for a participant's records, and reads them: they hold what only some of its roles may read."""


class ActivityRecord(models.Model):
    """A person of a participant asked for everything that is the participant's; a job makes one signed file of it.

    ``manifest_sha256``: the hash of the signed manifest, which evidence holds too. The file goes at ``expires_at``; the row
    stays. Invariants: asked for by a person who may; a few in a day; made or failed, once.
    """

    public_id = IdentifierField(prefix="arc")
    organisation = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    asked_by = models.CharField(max_length=60)
    asked_at = MomentField()
    made_at = MomentField(null=True)
    rows_total = models.BigIntegerField(null=True)
    size_bytes = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, null=True)
    manifest_sha256 = models.CharField(max_length=64, null=True)
    expires_at = MomentField(null=True)
    failed_at = MomentField(null=True)
    reason = models.CharField(max_length=REASON_LENGTH_MAX, blank=True, default="")
    removed_at = MomentField(null=True)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    made_at=None,
                    rows_total=None,
                    size_bytes=None,
                    sha256=None,
                    manifest_sha256=None,
                    expires_at=None,
                )
                | Q(
                    made_at__isnull=False,
                    failed_at=None,
                    rows_total__isnull=False,
                    rows_total__gte=0,
                    size_bytes__isnull=False,
                    size_bytes__gt=0,
                    sha256__isnull=False,
                    manifest_sha256__isnull=False,
                    expires_at__isnull=False,
                    sha256__regex=r"^[0-9a-f]{64}$",
                    manifest_sha256__regex=r"^[0-9a-f]{64}$",
                    expires_at__gt=F("made_at"),
                ),
                name="activity_made",
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None) | Q(made_at__isnull=False), name="activity_removed"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-id"], name="activity_of_organisation"),
            models.Index("expires_at", name="activity_kept", condition=Q(removed_at=None)),
        ]
        triggers = [
            immutable("public_id", "organisation_id", "asked_by", "asked_at", "recorded_at"),
            set_once(
                "made_at",
                "rows_total",
                "size_bytes",
                "sha256",
                "manifest_sha256",
                "expires_at",
                "failed_at",
                "removed_at",
            ),
            set_now("made_at", "failed_at"),
            no_delete(),
            dated_now(
                "asked_at", real=["recorded_at"], stated=["made_at", "expires_at", "failed_at", "removed_at"]
            ),
            not_too_often(),
            by_staff_or_member(
                "asked_by", "organisation_id", staff=(MEMBER,), member=MEMBER, name="asked_by_member"
            ),
        ]

    def __str__(self) -> str:
        """Its identifier."""
        return self.public_id
