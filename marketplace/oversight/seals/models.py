"""Seals on records of evidence."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.kernel.texts import AMBIGUOUS
from marketplace.participants.acting import acted_by_person

from .guards import decided_by_unrelated, over_in_time, seal_fits_record
from .states import BASIS_LENGTH_MAX, REASON_LENGTH_MAX, SealGround

STAFF = Permission.ADMISSION_WRITE
"""Two of these seal a record, and end a seal."""


class RecordSeal(models.Model):
    """Until ``review_at`` nobody but the auditor reads ``record``, because ``legal_basis`` keeps it from its ``parties``.

    Two people seal, and two end the seal before; else it ends by itself at the review date. Whoever would have it longer seals
    the record again. Invariants: by two people of the operator who have declared no interest in the parties; the parties are those of the record; the review date is
    ``DAYS_MAX`` away at most, and ``TOTAL_DAYS_MAX`` after the record happened; it ends once. Evidence commits to the basis and the reasons with ``salt``.
    Rows are never deleted.
    """

    public_id = IdentifierField(prefix="rsl")
    salt = SaltField()
    record = models.CharField(max_length=IDENTIFIER_LENGTH)
    parties = ArrayField(models.CharField(max_length=IDENTIFIER_LENGTH))
    ground = models.CharField(max_length=13, choices=SealGround.choices)
    legal_basis = models.CharField(max_length=BASIS_LENGTH_MAX)
    reason = models.CharField(max_length=REASON_LENGTH_MAX)
    review_at = MomentField()
    first_person = models.CharField(max_length=60)
    sealed_by = models.CharField(max_length=60)
    sealed_at = MomentField()
    ended_first = models.CharField(max_length=60, blank=True, default="")
    ended_by = models.CharField(max_length=60, blank=True, default="")
    ended_at = MomentField(null=True)
    ended_reason = models.CharField(max_length=REASON_LENGTH_MAX, blank=True, default="")
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    ground__in=SealGround.values,
                    first_person__regex=PERSON_PATTERN,
                    sealed_by__regex=PERSON_PATTERN,
                )
                & ~Q(first_person=F("sealed_by"))
                & ~Q(legal_basis="")
                & ~Q(legal_basis__regex=AMBIGUOUS)
                & ~Q(reason=""),
                name="seal_by_two",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by="", ended_first="", ended_reason="")
                | Q(ended_at__isnull=False, ended_by="system", ended_first="", ended_reason="")
                | (
                    Q(
                        ended_at__isnull=False,
                        ended_by__regex=PERSON_PATTERN,
                        ended_first__regex=PERSON_PATTERN,
                    )
                    & ~Q(ended_by=F("ended_first"))
                    & ~Q(ended_reason="")
                ),
                name="seal_ended_by_two",
            ),
        ]
        indexes = [
            models.Index("record", name="seal_in_force", condition=Q(ended_at=None)),
            models.Index("review_at", name="seal_due", condition=Q(ended_at=None)),
            GinIndex(fields=["parties"], name="seal_of_parties"),
        ]
        triggers = [
            immutable(
                "public_id", "salt", "record", "parties", "ground", "legal_basis", "reason", "review_at", "first_person",
                "sealed_by", "sealed_at", "recorded_at",
            ),
            seal_fits_record(),
            over_in_time(),
            set_now("ended_at"),
            no_delete(),
            dated_now("sealed_at", real=["recorded_at"], stated=["review_at", "ended_at"]),
            acted_by_person("sealed_by", STAFF, first="first_person", name="sealed_by_two"),
            acted_by_person(
                "ended_by",
                STAFF,
                first="ended_first",
                when="NEW.ended_by NOT IN ('', 'system') AND NEW.ended_by IS DISTINCT FROM OLD.ended_by",
                name="ended_by_two",
            ),
            decided_by_unrelated(),
        ]  # fmt: skip

    def __str__(self) -> str:
        """What is sealed, and its identifier."""
        return f"{self.record} ({self.public_id})"
