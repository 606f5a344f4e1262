"""The published rota: who of the operator is on call to release what one person has tightened."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person

from .on_call import LATE_MAX, TAKES, TURN_MAX, Duty


class OnCallTurn(models.Model):
    """A person of the operator is on call for a duty, from ``since`` until ``until``; published by an owner of the operator.

    Public are the duty, the person's identifier and the times. Invariants: a person who holds what the duty takes; at most 31
    days, none of them before it was published; the same one stands once; nothing of it changes but that an owner withdraws it. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="oct")
    duty = models.CharField(max_length=10, choices=Duty.choices)
    person = models.CharField(max_length=60)
    since = MomentField()
    until = MomentField()
    stated_by = models.CharField(max_length=60)
    stated_at = MomentField()
    withdrawn_by = models.CharField(max_length=60, blank=True, default="")
    withdrawn_at = MomentField(null=True)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["duty", "person", "since", "until"],
                condition=Q(withdrawn_at=None),
                name="turn_once",
            ),
            models.CheckConstraint(
                condition=Q(duty__in=Duty.values, person__regex=PERSON_PATTERN, until__gt=F("since"))
                & Q(until__lte=F("since") + TURN_MAX),
                name="turn_of_what",
            ),
            models.CheckConstraint(
                condition=Q(since__gte=F("stated_at") - LATE_MAX), name="turn_not_backdated"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_by="", withdrawn_at=None)
                | Q(withdrawn_by__regex=PERSON_PATTERN, withdrawn_at__isnull=False),
                name="turn_withdrawn_whole",
            ),
        ]
        indexes = [models.Index("until", name="turns_until", condition=Q(withdrawn_at=None))]
        triggers = [
            immutable(
                "public_id", "duty", "person", "since", "until", "stated_by", "stated_at", "recorded_at"
            ),
            set_once("withdrawn_at"),
            no_delete(),
            dated_now("stated_at", real=["recorded_at"], stated=["since", "until"]),
            set_now("withdrawn_at"),
            acted_by_person("stated_by", Permission.ORGANISATION_WRITE, name="stated_by_owner"),
            acted_by_person("withdrawn_by", Permission.ORGANISATION_WRITE, name="withdrawn_by_owner"),
            *(
                acted_by_person(
                    "person",
                    permission,
                    when=f"NEW.duty = '{duty}'",
                    proved=False,
                    name=f"on_call_for_{duty}",
                )
                for duty, permission in TAKES.items()
            ),
        ]

    def __str__(self) -> str:
        """The duty and the public identifier."""
        return f"{self.duty} ({self.public_id})"
