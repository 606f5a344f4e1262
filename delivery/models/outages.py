"""Times in which the market itself could not be used, as two people of the operator state them."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person

from .. import restitution_guards

OUTAGE_MAX = timedelta(days=31)
"""How long one outage may be."""
OUTAGE_MIN = timedelta(minutes=1)
"""How long one outage is at least."""
STATED_WITHIN = timedelta(days=90)
"""So long after its end an outage is stated at the latest."""


class Outage(models.Model):
    """Nobody could use the market from ``since`` until ``until``; access that was live then is given back.

    ``incident`` is the public identifier of the incident that registers it. ``first_person`` gave the command first.
    ``given_back_at``: when nothing was left to give back. Invariants: of an incident of unavailability that the operator
    registered; not before the market began, and a minute at least; over when it is stated, and not long ago, by two natural persons of the operator; no moment is of two
    outages; it never changes; rows are never deleted.
    """

    public_id = IdentifierField(prefix="otg")
    incident = models.CharField(max_length=IDENTIFIER_LENGTH)
    since = MomentField()
    until = MomentField()
    first_person = models.CharField(max_length=60)
    stated_by = models.CharField(max_length=60)
    stated_at = MomentField()
    given_back_at = MomentField(null=True)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gte=F("since") + OUTAGE_MIN, until__lte=F("since") + OUTAGE_MAX),
                name="outage_of_some_time",
            ),
            models.CheckConstraint(
                condition=Q(until__gte=F("stated_at") - STATED_WITHIN), name="outage_stated_soon"
            ),
            ExclusionConstraint(
                expressions=[
                    (
                        models.Func(
                            "since", "until", function="tstzrange", output_field=DateTimeRangeField()
                        ),
                        RangeOperators.OVERLAPS,
                    )
                ],
                name="outages_apart",
            ),
            models.CheckConstraint(
                condition=Q(stated_by__regex=PERSON_PATTERN)
                & ~Q(first_person="")
                & ~Q(first_person=F("stated_by")),
                name="outage_by_two",
            ),
        ]
        indexes = [models.Index("id", name="outage_to_give_back", condition=Q(given_back_at=None))]
        triggers = [
            immutable(
                "public_id",
                "incident",
                "since",
                "until",
                "first_person",
                "stated_by",
                "stated_at",
                "recorded_at",
            ),
            set_once("given_back_at"),
            set_now("given_back_at"),
            no_delete(),
            dated_now("stated_at", real=["recorded_at"], past=["since", "until"], stated=["given_back_at"]),
            restitution_guards.outage_of_incident(),
            acted_by_person("stated_by", Permission.SUPPORT_WRITE, first="first_person"),
        ]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
