"""Segments of the market, and admissions to them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.kernel.columns import BoundedJSONField, DayField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField

from ..admission_guards import (
    admission_ends_rightly,
    condition_settled_rightly,
    missed_condition_ends_admission,
    renewed_by_another,
    renews_what_ends,
)
from ..admission_terms import TEXT_LENGTH_MAX
from ..guards import neutral_admissions
from ..states import ADMISSION, HELD_ADMISSIONS, PENDING_ADMISSIONS, AdmissionState, Capacity
from ..suspension_guards import begun_by_active
from .organisations import Organisation
from .qualifications import QualificationKind


class Segment(models.Model):
    """A market segment to which participants are admitted. Its code never changes."""

    code = models.SlugField(max_length=40)
    name_ja = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100)
    opened_at = MomentField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code"], name="segment_code_once")]
        triggers = [immutable("code", "opened_at"), no_delete()]

    def __str__(self) -> str:
        """The code."""
        return self.code


class Admission(models.Model):
    """An organisation's application to sell or buy in a segment, and its outcome.

    ``decision`` is the public identifier of the latest decision of the rules, ``reason`` the reason that the operator's
    person gave; evidence commits to it with ``salt``. ``expires_on`` is its last day, if it has one; ``renews`` the admission that
    an application is to renew; ``reminded_at``: when the organisation was told that it ends soon.

    Invariants: one admission and one application per organisation, segment and capacity, the latter beside the former only to
    renew it shortly before its last day; it expires after that day, and lapses by a condition that was missed; the application
    and its declarations never change; the operator and its affiliates have none.
    """

    public_id = IdentifierField(prefix="adm")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="+")
    capacity = models.CharField(max_length=10, choices=Capacity.choices)
    state = models.CharField(max_length=10, choices=AdmissionState.choices, default=AdmissionState.APPLIED)
    declarations = BoundedJSONField()
    decision = models.CharField(max_length=31, null=True)
    reason = models.TextField(blank=True, default="")
    salt = SaltField()
    applied_at = MomentField()
    decided_at = MomentField(null=True)
    renews = models.ForeignKey("self", on_delete=models.PROTECT, related_name="+", null=True)
    expires_on = DayField(null=True)
    reminded_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "segment", "capacity"],
                condition=Q(state__in=PENDING_ADMISSIONS),
                name="admission_held_once",
            ),
            models.UniqueConstraint(
                fields=["organisation", "segment", "capacity"],
                condition=Q(state="admitted"),
                name="admission_stands_once",
            ),
            models.CheckConstraint(condition=Q(capacity__in=Capacity.values), name="admission_capacity"),
            models.CheckConstraint(
                condition=Q(state="withdrawn")
                | Q(state="applied", decided_at__isnull=True)
                | (
                    Q(state__in=("admitted", "refused", "on_hold", "expired", "lapsed", "renewed"))
                    & Q(decided_at__isnull=False)
                ),
                name="admission_decided_when",
            ),
        ]
        indexes = [models.Index("expires_on", name="admission_ending", condition=Q(state="admitted"))]
        triggers = [
            state_guard(ADMISSION),
            no_delete(),
            immutable("public_id", "organisation_id", "segment_id", "capacity", "declarations", "salt", "applied_at",
                      "renews_id"),
            set_once("expires_on", "reminded_at"),
            neutral_admissions(HELD_ADMISSIONS),
            begun_by_active(),
            renews_what_ends(),
            admission_ends_rightly(),
            renewed_by_another(),
        ]  # fmt: skip


class AdmissionCondition(models.Model):
    """An admission was given on the condition that a qualification of a kind is verified by a day, which is included.

    ``text_ja`` and ``text_en`` say it to the applicant in the operator's words; evidence commits to them with ``salt``. ``is_met``
    is None while it is open, and for good where the admission ended otherwise before. Invariants: stated by the two people who
    decide the case of the admission, in its transaction (``cases``); met by a qualification in force, missed only when none is
    and none that was stated in time waits for the operator; one that is missed ends the admission. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="acd")
    admission = models.ForeignKey(Admission, on_delete=models.PROTECT, related_name="conditions")
    kind = models.ForeignKey(QualificationKind, on_delete=models.PROTECT, related_name="+")
    due_on = DayField()
    text_ja = models.CharField(max_length=TEXT_LENGTH_MAX)
    text_en = models.CharField(max_length=TEXT_LENGTH_MAX)
    salt = SaltField()
    stated_at = MomentField()
    reminded_at = MomentField(null=True)
    settled_at = MomentField(null=True)
    is_met = models.BooleanField(null=True)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["admission", "kind"], name="condition_of_a_kind_once"),
            models.CheckConstraint(
                condition=~Q(text_ja="") & ~Q(text_en="") & (Q(is_met=None) | Q(settled_at__isnull=False)),
                name="condition_says",
            ),
        ]
        indexes = [models.Index("due_on", name="condition_due", condition=Q(settled_at=None))]
        triggers = [
            no_delete(),
            immutable("public_id", "admission_id", "kind_id", "due_on", "text_ja", "text_en", "salt", "stated_at",
                      "recorded_at"),
            set_once("reminded_at", "settled_at", "is_met"),
            dated_now("stated_at", real=["recorded_at"]),
            set_now("reminded_at", "settled_at"),
            condition_settled_rightly(),
            missed_condition_ends_admission(),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
