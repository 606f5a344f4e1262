"""Disputes over deliveries, and adjustments of prices."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.kernel.columns import CountField, MinorField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import append_only, dated_now, immutable, no_delete, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField

from . import ending_guards, guards
from .adjusting.guards import fired_by_clause
from .states import DISPUTE, ENDED_EARLY, DisputeOutcome, DisputeReason, DisputeState, Party

ACTOR_LENGTH_MAX = 60


class Dispute(models.Model):
    """The buyer's objection to a delivery, until the operator resolves it.

    Invariants: one open dispute per agreement, opened while the agreement is in force or what was received is inspected; nothing is
    delivered again once access is over; a resolved one has an outcome,
    a reason, a time and a person without an interest in a party; the dispute and its resolution never change; rows are never deleted.
    """

    public_id = IdentifierField(prefix="dsp")
    salt = SaltField()
    agreement = models.ForeignKey("contracts.Agreement", on_delete=models.PROTECT, related_name="disputes")
    reason_code = models.CharField(max_length=20, choices=DisputeReason.choices)
    text = models.TextField()
    opened_by = models.CharField(max_length=ACTOR_LENGTH_MAX)
    opened_at = MomentField()
    state = models.CharField(max_length=10, choices=DisputeState.choices, default=DisputeState.OPEN)
    outcome = models.CharField(max_length=12, choices=DisputeOutcome.choices, null=True)
    finding = models.TextField(null=True)
    resolved_by = models.CharField(max_length=ACTOR_LENGTH_MAX, null=True)
    resolved_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agreement"], condition=Q(state=DisputeState.OPEN), name="dispute_one_open"
            ),
            models.CheckConstraint(
                condition=Q(reason_code__in=DisputeReason.values) & ~Q(text=""), name="dispute_reason"
            ),
            models.CheckConstraint(
                condition=(Q(state=DisputeState.RESOLVED, outcome__isnull=False, finding__isnull=False,
                             resolved_by__isnull=False, resolved_at__isnull=False,
                             outcome__in=DisputeOutcome.values) & ~Q(finding=""))
                | Q(state=DisputeState.OPEN, outcome__isnull=True, finding__isnull=True,
                    resolved_by__isnull=True, resolved_at__isnull=True),
                name="dispute_resolved_how",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["agreement"], name="dispute_of_agreement")]
        triggers = [
            state_guard(DISPUTE),
            no_delete(),
            immutable("public_id", "agreement_id", "reason_code", "text", "salt", "opened_by", "opened_at"),
            set_once("outcome", "finding", "resolved_by", "resolved_at"),
            guards.disputed_in_force(),
            guards.resolved_by_unrelated(),
            ending_guards.redelivered_in_time(),
        ]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class Adjustment(models.Model):
    """An adjustment of the price of a charge of an agreement, ordered by the operator and carried out by clearing.

    The ``debtor`` party pays ``amount_minor`` (without tax) to the other. Invariants: amounts are positive and in the
    agreement's currency; the sum that the seller returns of a charge, less what the buyer pays in addition, never exceeds
    its price; append-only.
    """

    public_id = IdentifierField(prefix="adj")
    salt = SaltField()
    agreement = models.ForeignKey("contracts.Agreement", on_delete=models.PROTECT, related_name="adjustments")
    debtor = models.CharField(max_length=6, choices=Party.choices)
    charge = CountField(default=1)
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    reason_code = models.CharField(max_length=40)
    reason = models.TextField()
    ordered_by = models.CharField(max_length=ACTOR_LENGTH_MAX)
    ordered_at = MomentField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="adjustment_positive"),
            models.CheckConstraint(condition=Q(debtor__in=Party.values), name="adjustment_debtor"),
            models.CheckConstraint(condition=~Q(reason=""), name="adjustment_reason"),
            models.UniqueConstraint(
                fields=["agreement"], condition=Q(reason_code=ENDED_EARLY), name="adjustment_ended_early_once"
            ),
        ]
        indexes = [models.Index(fields=["agreement"], name="adjustment_of_agreement")]
        triggers = [append_only(), dated_now("ordered_at"), guards.within_price(), fired_by_clause()]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
