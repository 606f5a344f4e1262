"""Screenings of applications and of the organisations that they registered."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import BoundedJSONField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import immutable, no_delete, set_once
from marketplace.kernel.identifiers import IdentifierField

from ..guards import ended_screening_kept
from ..states import ScreeningCause, ScreeningOutcome
from .applications import Registration
from .references import RegistrySnapshot


class Screening(models.Model):
    """One comparison of an application, or of the organisation that it registered, with the registry and the lists.

    ``facts_digest`` is the SHA-256 of the facts that were compared. ``findings`` are
    ``{"code", "about", "list", "reference"}``: ``about`` is ``organisation``, ``representative`` or the identifier of an
    owner, so no name stands in them. ``lists`` are the identifiers of the lists that were asked. ``is_changed``: its
    findings differ from those before. ``assessed_by`` is the person who read them, and ``assessment`` what it says.

    Invariants: it ends once, with everything that it came to; one at a time of an application has not ended.
    """

    public_id = IdentifierField(prefix="scr")
    salt = SaltField()
    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="screenings")
    cause = models.CharField(max_length=10, choices=ScreeningCause.choices)
    requested_at = MomentField()
    facts_digest = models.CharField(max_length=64, null=True)
    outcome = models.CharField(max_length=5, choices=ScreeningOutcome.choices, null=True)
    findings = BoundedJSONField(default=list)
    snapshot = models.ForeignKey(RegistrySnapshot, on_delete=models.PROTECT, null=True, related_name="+")
    lists = BoundedJSONField(default=list)
    is_changed = models.BooleanField(default=False)
    ended_at = MomentField(null=True)
    next_at = MomentField(null=True)
    assessment = models.TextField(blank=True, default="")
    assessed_by = models.CharField(max_length=60, null=True)
    assessed_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["registration"], condition=Q(ended_at=None), name="screening_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(cause__in=ScreeningCause.values)
                & (
                    Q(ended_at=None, outcome=None, next_at=None, facts_digest=None, assessed_by=None)
                    | Q(
                        ended_at__isnull=False,
                        outcome__isnull=False,
                        outcome__in=ScreeningOutcome.values,
                        next_at__isnull=False,
                        next_at__gt=F("ended_at"),
                        facts_digest__isnull=False,
                        facts_digest__regex=r"^[0-9a-f]{64}$",
                    )
                ),
                name="screening_ends_whole",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="clear") | Q(findings=[]), name="screening_clear_without_findings"
            ),
            models.CheckConstraint(
                condition=Q(assessed_by=None, assessed_at=None, assessment="")
                | Q(assessed_by__isnull=False, assessed_by__regex=PERSON_PATTERN, assessed_at__isnull=False)
                & ~Q(assessment=""),
                name="screening_assessed_when",
            ),
        ]
        indexes = [models.Index(fields=["registration", "-id"], name="screening_of_registration")]
        triggers = [
            immutable("public_id", "salt", "registration_id", "cause", "requested_at"),
            set_once("ended_at", "outcome", "facts_digest", "next_at", "snapshot_id", "assessed_by"),
            ended_screening_kept(),
            no_delete(),
        ]
