"""What re-screening found."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from marketplace.kernel.columns import CountField, MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField


class Rescreening(models.Model):
    """That every standing admission was evaluated under a rulebook in force: ``evaluated`` of them, of which ``stopped`` would
    be held or refused now, and ``cleared`` pass again. Each of these has a decision. Invariants: one a rulebook; append-only.
    """

    public_id = IdentifierField(prefix="rsc")
    rulebook = models.OneToOneField("rules.Rulebook", on_delete=models.PROTECT, related_name="+")
    evaluated = CountField()
    stopped = CountField()
    cleared = CountField()
    finished_at = MomentField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(evaluated__gte=F("stopped") + F("cleared")), name="rescreening_counts"
            ),
        ]
        triggers = [append_only(), dated_now("finished_at")]

    def __str__(self) -> str:
        """The public identifier."""
        return str(self.public_id)
