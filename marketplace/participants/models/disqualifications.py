"""Disqualifications of organisations and of their officers, for a term."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import DayField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import Permission

from ..acting import ENDED_BY_TWO, acted_by_person
from ..disqualification_grounds import DisqualificationGround
from ..disqualification_guards import disqualified_for_a_term
from ..interest_guards import unrelated
from .organisations import Organisation

SOURCE_LENGTH_MAX = 200
REASON_LENGTH_MAX = 500
_BY_TWO = Q(stated_by__regex=PERSON_PATTERN, first_person__regex=PERSON_PATTERN) & ~Q(
    stated_by=F("first_person")
)
_STANDS = Q(ended_at=None, ended_by=None, end_first_person=None, end_reason=None)
_ENDED_BY_ITSELF = Q(ended_at__isnull=False, ended_by=None, end_first_person=None, end_reason=None)


class Disqualification(models.Model):
    """An organisation, or an officer of it, is disqualified on a ground, as a source says, from ``since`` to ``until``, included.

    Of an officer the market keeps no name: ``officer_commitment`` is the SHA-256 over ``salt`` and the bare name
    (``disqualification_grounds.bare_name``), with which representatives are compared; it is empty where the organisation itself
    is disqualified. Evidence commits to ``end_reason`` with ``salt``.

    Invariants: of a participant, stated by two people of the operator without an interest in it; it ends by two, or by itself
    after its last day; nothing else of it changes. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="dsq")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    officer_commitment = models.CharField(max_length=64, blank=True, default="")
    ground = models.CharField(max_length=11, choices=DisqualificationGround.choices)
    source = models.CharField(max_length=SOURCE_LENGTH_MAX)
    source_sha256 = models.CharField(max_length=64, blank=True, default="")
    since = DayField()
    until = DayField()
    first_person = models.CharField(max_length=60)
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
                fields=["organisation", "ground"],
                condition=Q(ended_at=None, officer_commitment=""),
                name="disqualified_on_a_ground_once",
            ),
            models.CheckConstraint(
                condition=Q(ground__in=DisqualificationGround.values, until__gte=F("since"))
                & ~Q(source="")
                & (Q(source_sha256="") | Q(source_sha256__regex=r"^[0-9a-f]{64}$"))
                & (Q(officer_commitment="") | Q(officer_commitment__regex=r"^[0-9a-f]{64}$")),
                name="disqualification_of_what",
            ),
            models.CheckConstraint(
                condition=_BY_TWO & (_STANDS | _ENDED_BY_ITSELF | ENDED_BY_TWO),
                name="disqualification_by_two",
            ),
        ]
        indexes = [
            models.Index("until", name="disqualification_ending", condition=Q(ended_at=None)),
            models.Index(fields=["organisation", "-id"], name="disqualification_of"),
        ]
        triggers = [
            no_delete(),
            immutable("public_id", "organisation_id", "officer_commitment", "ground", "source", "source_sha256", "since",
                      "until", "first_person", "stated_by", "stated_at", "salt", "recorded_at"),
            set_once("ended_at", "ended_by", "end_first_person", "end_reason"),
            dated_now("stated_at", real=["recorded_at"]),
            set_now("ended_at"),
            disqualified_for_a_term(),
            acted_by_person("stated_by", Permission.ADMISSION_WRITE, first="first_person", name="disqualified_by_staff"),
            acted_by_person("ended_by", Permission.ADMISSION_WRITE, first="end_first_person", name="ended_by_staff"),
            unrelated("stated_by", "first_person", "ended_by", "end_first_person"),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
