"""Interests that the operator's staff have declared in organisations."""

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
from ..interest_guards import deciders_left, interest_ended_by_staff, interest_in_participant, unrelated
from ..interests import InterestKind
from .organisations import Organisation

STATEMENT_LENGTH_MAX = 500
_ENDED_BY_TWO = ENDED_BY_TWO & ~Q(ended_by=F("person")) & ~Q(end_first_person=F("person"))


class StaffInterest(models.Model):
    """A person of the operator has an interest in an organisation, and so decides nothing about it.

    The person declares it itself, or somebody who admits participants states it of a colleague. ``statement`` says what it is,
    for the operator's staff alone; evidence commits to it with ``salt``. It stands until two others end it.

    Invariants: of a person of the operator, in a participant; whoever states it of a colleague leaves two others to decide; ended
    by two people who have none there, neither the person concerned; nothing else of it changes. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="sin")
    person = models.CharField(max_length=60)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=InterestKind.choices)
    statement = models.CharField(max_length=STATEMENT_LENGTH_MAX)
    since = DayField()
    declared_by = models.CharField(max_length=60)
    declared_at = MomentField()
    ended_at = MomentField(null=True)
    ended_by = models.CharField(max_length=60, null=True)
    end_first_person = models.CharField(max_length=60, null=True)
    end_reason = models.CharField(max_length=STATEMENT_LENGTH_MAX, null=True)
    salt = SaltField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation", "kind"],
                condition=Q(ended_at=None),
                name="interest_stated_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=InterestKind.values, person__regex=PERSON_PATTERN) & ~Q(statement=""),
                name="interest_of_what",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None, end_first_person=None, end_reason=None)
                | _ENDED_BY_TWO,
                name="interest_ended_by_two",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "person"], name="interests_in")]
        triggers = [
            interest_in_participant(),
            immutable("public_id", "person", "organisation_id", "kind", "statement", "since", "declared_by",
                      "declared_at", "salt", "recorded_at"),
            set_once("ended_at", "ended_by", "end_first_person", "end_reason"),
            no_delete(),
            dated_now("declared_at", real=["recorded_at"]),
            set_now("ended_at"),
            acted_by_person("person", Permission.OPERATOR_READ, proved=False, name="interest_of_staff"),
            acted_by_person(
                "declared_by", Permission.OPERATOR_READ, when="NEW.declared_by = NEW.person", name="declared_by_staff"
            ),
            acted_by_person(
                "declared_by", Permission.ADMISSION_WRITE, when="NEW.declared_by <> NEW.person",
                name="declared_of_colleague",
            ),
            interest_ended_by_staff(),
            unrelated("ended_by", "end_first_person"),
            deciders_left(),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier, so that logs name nobody."""
        return self.public_id
