"""Incidents, how each was assessed, until when it is reported, whom it concerns, and what was done and reported."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import CountField, DayField, DaysField, MomentField
from marketplace.kernel.commitments import SALTED, committed_over
from marketplace.kernel.guards import append_only, dated_now, immutable, no_delete, set_now
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person

from ..acting import by_staff, by_staff_or_member
from ..holds.models import subject_exists
from .guards import (
    by_staff_or_opener,
    closed_once,
    closed_when_reported,
    concerns_participant,
    due_within_law,
    few_open,
    known_in_time,
    unrelated_to_concerned,
    weakened_by_two,
    written_while_open,
)
from .states import (
    ADDRESSEE_LENGTH_MAX,
    DATA_LENGTH_MAX,
    SUBJECT_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    Duty,
    EntryKind,
    Ground,
    IncidentKind,
)

STAFF = (Permission.SUPPORT_WRITE, Permission.ADMISSION_WRITE)
"""Who of the operator opens incidents, and writes what was done about them."""
MEMBER = Permission.ORGANISATION_WRITE
"""Who of a participant opens one about its own data."""
CONTENT = (
    "public_id", "kind", "data", "description", "subject", "organisation_id", "opened_by", "opened_at", "salt",
    "commitment", "recorded_at",
)  # fmt: skip


class Incident(models.Model):
    """Something happened to data: opened by staff, or by a participant (``organisation``) about its own.

    ``data``: what data, in words; ``subject``: the listing, agreement or other matter, if any. Evidence holds a salted
    commitment to its texts. Invariants: opened by somebody who may; few of a participant are open; nothing of it changes but that two people close it once,
    after the reports that law demands; none of these people has declared an interest in a participant concerned, nor in a party of
    ``subject``, which is there. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="inc")
    kind = models.CharField(max_length=14, choices=IncidentKind.choices)
    data = models.CharField(max_length=DATA_LENGTH_MAX)
    description = models.CharField(max_length=TEXT_LENGTH_MAX)
    subject = models.CharField(max_length=SUBJECT_LENGTH_MAX, blank=True, default="")
    organisation = models.ForeignKey(
        "participants.Organisation", on_delete=models.PROTECT, related_name="+", null=True
    )
    opened_by = models.CharField(max_length=60)
    opened_at = MomentField()
    salt = models.CharField(max_length=64)
    commitment = models.CharField(max_length=64)
    closed_first = models.CharField(max_length=60, blank=True, default="")
    closed_by = models.CharField(max_length=60, blank=True, default="")
    closed_at = MomentField(null=True)
    conclusion = models.CharField(max_length=TEXT_LENGTH_MAX, blank=True, default="")
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=IncidentKind.values) & ~Q(data="") & ~Q(description=""),
                name="incident_stated",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by="", closed_first="", conclusion="")
                | (
                    Q(
                        closed_at__isnull=False,
                        closed_by__regex=PERSON_PATTERN,
                        closed_first__regex=PERSON_PATTERN,
                    )
                    & ~Q(closed_by=F("closed_first"))
                    & ~Q(conclusion="")
                ),
                name="incident_closed_by_two",
            ),
            models.CheckConstraint(condition=SALTED, name="incident_commitment"),
        ]
        indexes = [
            models.Index("opened_at", name="incident_opened"),
            models.Index("id", name="incident_open", condition=Q(closed_at=None)),
        ]
        triggers = [
            immutable(*CONTENT),
            closed_once(),
            set_now("closed_at"),
            no_delete(),
            dated_now("opened_at", real=["recorded_at"], stated=["closed_at"]),
            committed_over("data", "description"),
            closed_when_reported(),
            few_open(),
            subject_exists(of="incident"),
            unrelated_to_concerned("opened_by", "closed_first", "closed_by", incident="NEW.id"),
            by_staff_or_member(
                "opened_by", "organisation_id", staff=STAFF, member=MEMBER, name="opened_by_whom"
            ),
            acted_by_person(
                "closed_by", Permission.SUPPORT_WRITE, first="closed_first", name="closed_by_two"
            ),
        ]

    def __str__(self) -> str:
        """What happened, and its identifier."""
        return f"{self.kind} ({self.public_id})"


class IncidentAssessment(models.Model):
    """On which ground an incident is reported, how many persons it is about, and since when it is known. Append-only.

    The latest counts. ``first_person`` gave the same command first, where it takes two. Invariants: known in the past, and not
    long before it was registered, unless two people say so; by somebody who may, and is not related to whom it concerns; of
    an open incident; two people drop a duty of the one before, or make it due later.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="assessments")
    ground = models.CharField(max_length=12, choices=Ground.choices)
    persons = CountField()
    known_at = MomentField()
    assessed_by = models.CharField(max_length=60)
    first_person = models.CharField(max_length=60, blank=True, default="", db_default="")
    assessed_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ground__in=Ground.values), name="assessment_ground"),
            models.CheckConstraint(
                condition=Q(known_at__lte=F("assessed_at")), name="assessment_known_before"
            ),
            models.CheckConstraint(
                condition=Q(first_person="")
                | (Q(first_person__regex=PERSON_PATTERN) & ~Q(first_person=F("assessed_by"))),
                name="assessment_two_people",
            ),
        ]
        triggers = [
            append_only(),
            dated_now("assessed_at", real=["recorded_at"], past=["known_at"]),
            written_while_open(),
            by_staff_or_opener("assessed_by", "assessed_at", STAFF, name="assessed_by_whom"),
            unrelated_to_concerned("first_person", "assessed_by"),
            known_in_time(),
            weakened_by_two(),
            acted_by_person(
                "assessed_by",
                Permission.SUPPORT_WRITE,
                first="first_person",
                when="NEW.first_person <> ''",
                name="weakened_by_staff",
            ),
        ]


class IncidentDeadline(models.Model):
    """Until when an assessed incident is reported: ``due_on`` by the law in force when it was known. Append-only.

    Invariants: the day is that of the law, which the checker computes again with the calendar.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="deadlines")
    assessment = models.ForeignKey(IncidentAssessment, on_delete=models.PROTECT, related_name="deadlines")
    duty = models.CharField(max_length=6, choices=Duty.choices)
    days = DaysField()
    due_on = DayField()
    due_at = MomentField()
    source = models.CharField(max_length=200)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "duty"], name="deadline_once"),
            models.CheckConstraint(condition=Q(duty__in=Duty.values), name="deadline_duty"),
        ]
        indexes = [models.Index("due_at", name="deadline_due")]
        triggers = [
            append_only(),
            dated_now(real=["recorded_at"], stated=["due_at"]),
            written_while_open(),
            due_within_law(),
        ]


class IncidentConcern(models.Model):
    """A participant whom an incident concerns, who said so, and when it was told. Append-only.

    Invariants: said by staff, or who opened the incident, without an interest in whom it concerns; of an open incident.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="concerns")
    organisation = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    organisation_identifier = models.CharField(max_length=IDENTIFIER_LENGTH)
    told_by = models.CharField(max_length=60)
    told_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "organisation"], name="concern_once"),
        ]
        triggers = [
            append_only(),
            dated_now("told_at", real=["recorded_at"]),
            written_while_open(),
            concerns_participant(),
            by_staff_or_opener("told_by", "told_at", STAFF, name="told_by_whom"),
            unrelated_to_concerned("told_by"),
        ]


class IncidentEntry(models.Model):
    """A measure that was taken, or a report and to whom it was made. Append-only.

    Evidence holds a salted commitment to the text. Invariants: by staff who may, and is not related to whom the incident
    concerns; of an open incident; a report names its addressee.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=8, choices=EntryKind.choices)
    duty = models.CharField(max_length=6, choices=Duty.choices, blank=True, default="")
    addressee = models.CharField(max_length=ADDRESSEE_LENGTH_MAX, blank=True, default="")
    text = models.CharField(max_length=TEXT_LENGTH_MAX)
    salt = models.CharField(max_length=64)
    commitment = models.CharField(max_length=64)
    written_by = models.CharField(max_length=60)
    written_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(kind=EntryKind.MEASURE, duty="", addressee="")
                    | (Q(kind=EntryKind.REPORT) & ~Q(addressee=""))
                )
                & Q(duty__in=["", *Duty.values])
                & ~Q(text=""),
                name="entry_stated",
            ),
            models.CheckConstraint(condition=SALTED, name="entry_commitment"),
        ]
        triggers = [
            append_only(),
            dated_now("written_at", real=["recorded_at"]),
            written_while_open(),
            committed_over("addressee", "text"),
            by_staff("written_by", STAFF, name="written_by_staff"),
            unrelated_to_concerned("written_by"),
        ]
