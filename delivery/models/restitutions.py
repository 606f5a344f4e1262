"""What was given back of access that was closed although it was paid for."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField

from .. import restitution_guards
from ..states import LossCause
from .entitlements import Entitlement


class Restitution(models.Model):
    """Access was closed from ``lost_from`` until ``lost_until`` for no act of its buyer, so its term ends later.

    ``cause``: the operator suspended access, a dispute that the buyer won closed it, or the market had an ``Outage``;
    ``reference``: the public identifier of the entitlement, the dispute or the outage. ``expires_before`` and ``expires_at``: the end of the term before and after, null without a term. It does not pass the last day
    that the parties signed. A running inspection ends later too, less what halts of trading take of the same time.

    Invariants: access was closed then, for that cause; no moment is given back twice; the term moves by what was lost, in the
    same statement; append-only.
    """

    public_id = IdentifierField(prefix="rtn")
    entitlement = models.ForeignKey(Entitlement, on_delete=models.PROTECT, related_name="restitutions")
    cause = models.CharField(max_length=10, choices=LossCause.choices)
    reference = models.CharField(max_length=IDENTIFIER_LENGTH)
    lost_from = MomentField()
    lost_until = MomentField()
    expires_before = MomentField(null=True)
    expires_at = MomentField(null=True)
    given_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entitlement", "cause", "reference", "lost_from"], name="restitution_once"
            ),
            models.CheckConstraint(
                condition=Q(cause__in=LossCause.values, lost_until__gt=F("lost_from")),
                name="restitution_of_a_loss",
            ),
        ]
        triggers = [
            append_only(),
            dated_now(
                "given_at",
                real=["recorded_at"],
                past=["lost_from", "lost_until"],
                stated=["expires_before", "expires_at"],
            ),
            restitution_guards.restored_as_lost(),
            restitution_guards.prolongs(),
        ]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
