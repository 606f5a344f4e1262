"""Drafts of the rulebook."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.columns import BoundedJSONField, CountField, MomentField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person

from ..states import Lane
from .guards import published_as_drafted
from .states import DRAFT, DraftState

DIGEST_PATTERN = r"^[0-9a-f]{64}$"


class RulebookDraft(models.Model):
    """A version of the rulebook that the operator's people prepare; ``replaces`` is the version it is drafted on.

    ``version`` counts its changes, which others compare before they change it (ETag). ``report`` is the impact report with
    its warnings, and ``report_digest`` the digest of the text that was evaluated, empty while there is none. ``previews``
    counts how often a report was asked for. Invariants: its report is that of its text; a draft that is over never changes;
    one that is published has the text, the lane and the warnings of its rulebook. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="rbd")
    document = BoundedJSONField()
    digest = models.CharField(max_length=64)
    lane = models.CharField(max_length=10, choices=Lane.choices, default=Lane.ORDINARY)
    effective_from = MomentField(null=True)
    replaces = models.ForeignKey("rules.Rulebook", on_delete=models.PROTECT, null=True, related_name="+")
    version = CountField(default=1)
    state = models.CharField(max_length=10, choices=DraftState.choices, default=DraftState.OPEN)
    drafted_by = models.CharField(max_length=60)
    drafted_at = MomentField()
    changed_by = models.CharField(max_length=60)
    changed_at = MomentField()
    previews = CountField(default=0)
    report = BoundedJSONField(null=True)
    report_digest = models.CharField(max_length=64, default="", blank=True)
    reported_at = MomentField(null=True)
    rulebook = models.OneToOneField(
        "rules.Rulebook", on_delete=models.PROTECT, null=True, related_name="draft"
    )
    ended_by = models.CharField(max_length=60, null=True)
    ended_at = MomentField(null=True)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(digest__regex=DIGEST_PATTERN), name="draft_digest"),
            models.CheckConstraint(
                condition=Q(report_digest="", report=None, reported_at=None)
                | Q(report_digest=F("digest"), report__isnull=False, reported_at__isnull=False),
                name="draft_report_of_text",
            ),
            models.CheckConstraint(
                condition=Q(state="open", rulebook=None, ended_by=None, ended_at=None)
                | Q(state="withdrawn", rulebook=None, ended_by__isnull=False, ended_at__isnull=False)
                | Q(
                    state="published",
                    rulebook__isnull=False,
                    ended_by__isnull=False,
                    ended_at__isnull=False,
                    report__isnull=False,
                ),
                name="draft_ended_how",
            ),
            models.CheckConstraint(condition=Q(lane__in=Lane.values), name="draft_lane"),
        ]
        triggers = [
            state_guard(DRAFT),
            immutable("public_id", "drafted_by", "drafted_at"),
            set_once("rulebook_id", "ended_by", "ended_at"),
            no_delete(),
            dated_now("drafted_at", "changed_at", real=["recorded_at"], stated=["effective_from"]),
            set_now("changed_at", "reported_at", "ended_at"),
            published_as_drafted(),
            acted_by_person("changed_by", Permission.RULEBOOK_WRITE),
        ]

    def __str__(self) -> str:
        """The public identifier and the version."""
        return f"{self.public_id} ({self.version})"
