"""Questions to the consultation desk, and their answers."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import MomentField
from marketplace.kernel.commitments import SALTED, committed_over
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person
from marketplace.participants.interest_guards import unrelated

from ..acting import by_staff_or_member
from .guards import answered_once, follows_own
from .states import SUBJECT_LENGTH_MAX, TEXT_LENGTH_MAX, Answer, Matter

MEMBER = Permission.ORGANISATION_WRITE
"""Who asks for a participant."""
STAFF = Permission.ADMISSION_WRITE
"""Who answers."""
CONTENT = (
    "public_id", "organisation_id", "asked_by", "matter", "subject", "question", "follows_id", "asked_at", "due_at", "salt",
    "commitment", "recorded_at",
)  # fmt: skip
_WAITING = Q(
    answered_at=None,
    outcome="",
    answer="",
    answered_by="",
    is_binding=False,
    first_person="",
    answer_commitment="",
)
_ANSWERED = Q(
    answered_at__isnull=False, withdrawn_at=None, answered_by__regex=PERSON_PATTERN, outcome__in=Answer.values
)


class Consultation(models.Model):
    """A participant asks beforehand whether it may make or trade data; the operator answers by ``due_at``, or later with an alarm.

    An answer that binds the operator takes two people. Evidence holds salted commitments to the question and to the answer.
    ``follows``: an earlier question of the same participant. Invariants: asked by a person of the participant; answered by
    people without an interest in it, or withdrawn, once; nothing else changes. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="csl")
    organisation = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    asked_by = models.CharField(max_length=60)
    matter = models.CharField(max_length=12, choices=Matter.choices)
    subject = models.CharField(max_length=SUBJECT_LENGTH_MAX, blank=True, default="")
    question = models.CharField(max_length=TEXT_LENGTH_MAX)
    follows = models.ForeignKey("self", on_delete=models.PROTECT, related_name="+", null=True)
    asked_at = MomentField()
    due_at = MomentField()
    salt = models.CharField(max_length=64)
    commitment = models.CharField(max_length=64)
    outcome = models.CharField(max_length=12, choices=Answer.choices, blank=True, default="")
    answer = models.CharField(max_length=TEXT_LENGTH_MAX, blank=True, default="")
    answer_commitment = models.CharField(max_length=64, blank=True, default="")
    is_binding = models.BooleanField(default=False)
    first_person = models.CharField(max_length=60, blank=True, default="")
    answered_by = models.CharField(max_length=60, blank=True, default="")
    answered_at = MomentField(null=True)
    withdrawn_at = MomentField(null=True)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(matter__in=Matter.values) & ~Q(question="") & Q(due_at__gt=F("asked_at")),
                name="consultation_stated",
            ),
            models.CheckConstraint(condition=SALTED, name="consultation_commitment"),
            models.CheckConstraint(
                condition=_WAITING | (_ANSWERED & ~Q(answer="") & ~Q(answer_commitment="")),
                name="consultation_answered",
            ),
            models.CheckConstraint(
                condition=Q(is_binding=False, first_person="")
                | (
                    Q(is_binding=True, first_person__regex=PERSON_PATTERN) & ~Q(answered_by=F("first_person"))
                ),
                name="consultation_bound_by_two",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-id"], name="consultation_of_organisation"),
            models.Index("asked_at", name="consultation_asked"),
            models.Index(
                "due_at", name="consultation_waits", condition=Q(answered_at=None, withdrawn_at=None)
            ),
        ]
        triggers = [
            immutable(*CONTENT),
            answered_once(),
            follows_own(),
            no_delete(),
            dated_now("asked_at", real=["recorded_at"], stated=["due_at", "answered_at", "withdrawn_at"]),
            set_now("answered_at", "withdrawn_at"),
            committed_over("question"),
            committed_over("answer", commitment="answer_commitment"),
            by_staff_or_member(
                "asked_by", "organisation_id", staff=(STAFF,), member=MEMBER, name="asked_by_member"
            ),
            acted_by_person("answered_by", STAFF, first="first_person", name="answered_by_staff"),
            unrelated("answered_by", "first_person"),
        ]

    def __str__(self) -> str:
        """What is asked about, and its identifier."""
        return f"{self.matter} ({self.public_id})"
