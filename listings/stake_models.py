"""Interests of third parties in the data of a listing."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.kernel.columns import DayField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import ENDED_BY_TWO, acted_by_person

from .stake_guards import stake_by_unrelated, stake_stated_rightly
from .stake_kinds import StakeKind, StakeSource

HOLDER_LENGTH_MAX = 200
REASON_LENGTH_MAX = 500


class Stake(models.Model):
    """A third party (``holder``) has an interest in the data of a listing, so in all of its versions, since a day.

    Declared by the seller, or claimed by the third party through the operator. ``evidence_sha256`` is that of the document that
    shows it (empty without one). Buyers read it, and rules read its kind. Evidence commits to ``holder`` and ``end_reason`` with
    ``salt``. It stands until two people of the operator end it.

    Invariants: stated by a person of the seller or of the operator, and ended by two of the operator, without an interest in the
    seller; nothing else of it changes. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="stk")
    listing = models.ForeignKey("listings.Listing", on_delete=models.PROTECT, related_name="stakes")
    holder = models.CharField(max_length=HOLDER_LENGTH_MAX)
    kind = models.CharField(max_length=8, choices=StakeKind.choices)
    stated_as = models.CharField(max_length=8, choices=StakeSource.choices)
    since = DayField()
    evidence_sha256 = models.CharField(max_length=64, blank=True, default="")
    stated_by = models.CharField(max_length=60)
    stated_at = MomentField()
    ended_at = MomentField(null=True)
    ended_by = models.CharField(max_length=60, null=True)
    end_first_person = models.CharField(max_length=60, null=True)
    end_reason = models.CharField(max_length=REASON_LENGTH_MAX, null=True)
    salt = SaltField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["listing", "holder", "kind"], condition=Q(ended_at=None), name="stake_stated_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=StakeKind.values, stated_as__in=StakeSource.values)
                & ~Q(holder="")
                & (Q(evidence_sha256="") | Q(evidence_sha256__regex=r"^[0-9a-f]{64}$")),
                name="stake_of_what",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None, end_first_person=None, end_reason=None)
                | ENDED_BY_TWO,
                name="stake_ended_by_two",
            ),
        ]
        triggers = [
            no_delete(),
            immutable("public_id", "listing_id", "holder", "kind", "stated_as", "since", "evidence_sha256", "stated_by",
                      "stated_at", "salt", "recorded_at"),
            set_once("ended_at", "ended_by", "end_first_person", "end_reason"),
            dated_now("stated_at", real=["recorded_at"]),
            set_now("ended_at"),
            stake_stated_rightly(),
            stake_by_unrelated(),
            acted_by_person("ended_by", Permission.ADMISSION_WRITE, first="end_first_person", name="ended_by_staff"),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
