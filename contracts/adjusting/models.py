"""Published values of indices, and what adjustment clauses did."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from listings.adjusting_terms import LATE, NUMBERS, VALUE_MAX
from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import BoundedJSONField, CountField, DayField, MinorField, MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person

from .guards import entered_before_read, fired_as_signed

ACTOR_LENGTH_MAX = 60
SOURCE_LENGTH_MAX = 500


class IndexValue(models.Model):
    """The value of an index that somebody outside publishes, as of a day, in thousandths; ``source`` says where it stands.

    Invariants: one value an index and day; two people of the operator entered it, and no clause read past it meanwhile; append-only.
    """

    public_id = IdentifierField(prefix="idx")
    index = models.CharField(max_length=40)
    as_of = DayField()
    value_milli = MinorField()
    source = models.CharField(max_length=SOURCE_LENGTH_MAX)
    entered_by = models.CharField(max_length=ACTOR_LENGTH_MAX)
    first_person = models.CharField(max_length=ACTOR_LENGTH_MAX)
    entered_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["index", "as_of"], name="index_value_once"),
            models.CheckConstraint(
                condition=Q(index__regex=r"^[a-z][a-z0-9_.-]{0,39}$", value_milli__gte=1, value_milli__lte=VALUE_MAX)
                & ~Q(source=""),
                name="index_value_stated",
            ),
            models.CheckConstraint(
                condition=Q(entered_by__regex=PERSON_PATTERN, first_person__regex=PERSON_PATTERN)
                & ~Q(first_person=F("entered_by")),
                name="index_value_two_people",
            ),
        ]  # fmt: skip
        triggers = [
            append_only(),
            dated_now("entered_at"),
            entered_before_read(),
            acted_by_person(
                "entered_by", Permission.DISPUTES_WRITE, first="first_person", name="entered_by_two"
            ),
        ]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class FiredAdjustment(models.Model):
    """What a clause of an agreement did to the price of a charge: from ``before_minor`` to ``after_minor``, without tax.

    ``inputs`` is what it read: its ``value`` and where that is from. ``jws``: the market's signature of all of it, with the clause.
    Clearing carries out ``adjustment``. The kind ``late``: what a value of the index that came after the charge began changes of it, settled
    with the next charge.

    Invariants: once a kind of clause and charge; the signed clause makes ``after_minor`` of its inputs; append-only.
    """

    public_id = IdentifierField(prefix="fad")
    agreement = models.ForeignKey(
        "contracts.Agreement", on_delete=models.PROTECT, related_name="fired_adjustments"
    )
    kind = models.CharField(max_length=10)
    charge = CountField()
    inputs = BoundedJSONField()
    before_minor = MinorField()
    after_minor = MinorField()
    adjustment = models.OneToOneField(
        "contracts.Adjustment", on_delete=models.PROTECT, related_name="fired_by"
    )
    jws = models.TextField()
    fired_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "kind", "charge"], name="fired_once"),
            models.CheckConstraint(
                condition=Q(kind__in=[*NUMBERS, LATE], charge__gte=1, before_minor__gte=0, after_minor__gte=0)
                & ~Q(jws=""),
                name="fired_stated",
            ),
        ]
        triggers = [append_only(), dated_now("fired_at"), fired_as_signed()]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
