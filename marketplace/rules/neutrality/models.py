"""Neutrality bundles, and counterfactuals."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from marketplace.kernel.columns import BoundedJSONField, CountField, DayField, MomentField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField

from .periods import DAYS_MAX

FOLLOWED_MAX = 1_000
DIGEST_LENGTH = 64


def _hash_of(column: str) -> Func:
    digest = Func(F(column), function="sha256", output_field=models.BinaryField())
    return Func(digest, Value("hex"), function="encode", output_field=models.CharField())


class NeutralityBundle(models.Model):
    """What happened in a period, so that a stranger recomputes it: the public file, and the auditor's that opens it.

    A job makes both files, when the period is over: ``content`` for everybody, ``auditors_content`` with the salt, the
    identities and what is withheld. ``figures`` are those of the public file. Invariants: periods of bundles do not overlap,
    or their difference would tell of fewer than three parties; both files are written once, together, and have their
    hashes; evidence states the hashes; one that could not be made covers no day. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="nbl")
    first_day = DayField()
    last_day = DayField()
    asked_by = models.CharField(max_length=60)
    asked_at = MomentField()
    made_at = MomentField(null=True)
    failed_at = MomentField(null=True)
    figures = BoundedJSONField(null=True)
    content = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=DIGEST_LENGTH, null=True)
    auditors_content = models.BinaryField(null=True)
    auditors_sha256 = models.CharField(max_length=DIGEST_LENGTH, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day"))
                & Q(last_day__lt=F("first_day") + timedelta(days=DAYS_MAX)),
                name="bundle_period",
            ),
            ExclusionConstraint(
                name="bundle_periods_apart",
                expressions=[
                    (
                        Func(
                            F("first_day"),
                            F("last_day"),
                            Value("[]"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    )
                ],
                condition=Q(failed_at=None),
            ),
            models.CheckConstraint(
                condition=Q(
                    made_at=None,
                    figures=None,
                    content=None,
                    sha256=None,
                    auditors_content=None,
                    auditors_sha256=None,
                )
                | Q(
                    failed_at=None,
                    made_at__isnull=False,
                    figures__isnull=False,
                    content__isnull=False,
                    auditors_content__isnull=False,
                    sha256=_hash_of("content"),
                    auditors_sha256=_hash_of("auditors_content"),
                ),
                name="bundle_whole",
            ),
        ]
        triggers = [
            immutable("public_id", "first_day", "last_day", "asked_by", "asked_at"),
            set_once(
                "made_at", "failed_at", "figures", "content", "sha256", "auditors_content", "auditors_sha256"
            ),
            no_delete(),
            dated_now("asked_at", stated=["made_at", "failed_at"]),
            set_now("made_at", "failed_at"),
        ]

    def __str__(self) -> str:
        """The period and the public identifier."""
        return f"{self.first_day} {self.last_day} ({self.public_id})"


class Counterfactual(models.Model):
    """A period replayed with the identities of two organisations swapped.

    ``first`` and ``second`` are their public identifiers, ``followed`` the decisions (at most ``FOLLOWED_MAX``) that came out
    otherwise, because they follow a name and not a fact: only the auditor reads these. ``rules`` are the codes by which they
    differ, ``decisions`` how many were replayed. Invariants: two organisations; the result is written once, whole. Rows are
    never deleted.
    """

    public_id = IdentifierField(prefix="cfl")
    first_day = DayField()
    last_day = DayField()
    first = models.CharField(max_length=IDENTIFIER_LENGTH)
    second = models.CharField(max_length=IDENTIFIER_LENGTH)
    asked_by = models.CharField(max_length=60)
    asked_at = MomentField()
    made_at = MomentField(null=True)
    decisions = CountField(null=True)
    rules = ArrayField(models.CharField(max_length=60), null=True)
    followed = ArrayField(models.CharField(max_length=IDENTIFIER_LENGTH), null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day"))
                & Q(last_day__lt=F("first_day") + timedelta(days=DAYS_MAX)),
                name="counterfactual_period",
            ),
            models.CheckConstraint(condition=~Q(first=F("second")), name="counterfactual_of_two"),
            models.CheckConstraint(
                condition=Q(made_at=None, decisions=None, rules=None, followed=None)
                | Q(
                    made_at__isnull=False,
                    decisions__isnull=False,
                    rules__isnull=False,
                    followed__isnull=False,
                ),
                name="counterfactual_whole",
            ),
        ]
        triggers = [
            immutable("public_id", "first_day", "last_day", "first", "second", "asked_by", "asked_at"),
            set_once("made_at", "decisions", "rules", "followed"),
            no_delete(),
            dated_now("asked_at", stated=["made_at"]),
            set_now("made_at"),
        ]

    def __str__(self) -> str:
        """The period and the public identifier."""
        return f"{self.first_day} {self.last_day} ({self.public_id})"
