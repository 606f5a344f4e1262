"""Segments of the market, and admissions to them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.kernel.columns import BoundedJSONField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import immutable, no_delete, state_guard
from marketplace.kernel.identifiers import IdentifierField

from ..guards import neutral_admissions
from ..states import ADMISSION, HELD_ADMISSIONS, AdmissionState, Capacity
from ..suspension_guards import begun_by_active
from .organisations import Organisation


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
    person gave; evidence commits to it with ``salt``. Invariants: one admission per organisation, segment and capacity; the application and its declarations
    never change; the operator and its affiliates have none.
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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "segment", "capacity"],
                condition=Q(state__in=HELD_ADMISSIONS),
                name="admission_held_once",
            ),
            models.CheckConstraint(condition=Q(capacity__in=Capacity.values), name="admission_capacity"),
            models.CheckConstraint(
                condition=Q(state="withdrawn")
                | Q(state="applied", decided_at__isnull=True)
                | (Q(state__in=("admitted", "refused", "on_hold")) & Q(decided_at__isnull=False)),
                name="admission_decided_when",
            ),
        ]
        triggers = [
            state_guard(ADMISSION),
            no_delete(),
            immutable(
                "public_id", "organisation_id", "segment_id", "capacity", "declarations", "salt", "applied_at"
            ),
            neutral_admissions(HELD_ADMISSIONS),
            begun_by_active(),
        ]
