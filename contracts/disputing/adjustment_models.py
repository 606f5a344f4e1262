"""Adjustments of prices, which the operator, a clause or an end orders and clearing carries out."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from marketplace.kernel.columns import CountField, MinorField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IdentifierField

from .. import guards
from ..adjusting.guards import fired_by_clause
from ..commissions.guards import raised_by_talk
from ..commissions.reducing_guards import reduced_for_fault
from ..states import ENDED_EARLY, Party
from . import guards as dispute_guards
from .models import ACTOR_LENGTH_MAX


class Adjustment(models.Model):
    """An adjustment of the price of a charge of an agreement, ordered by the operator and carried out by clearing.

    The ``debtor`` party pays ``amount_minor`` (without tax) to the other. ``unmoved_minor``: what of it clearing could not carry out,
    because of the charge nothing is left or it never comes; it counts as returned nowhere. Invariants: amounts are positive and in the
    agreement's currency; the sum that the seller returns of a charge, less what the buyer pays in addition, never exceeds
    its price; of commissioned work nothing is returned before a fault of its seller is recorded; what was ordered never changes.
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
    unmoved_minor = MinorField(null=True)
    unmoved_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="adjustment_positive"),
            models.CheckConstraint(
                condition=Q(unmoved_minor=None, unmoved_at=None)
                | Q(unmoved_minor__gt=0, unmoved_minor__lte=F("amount_minor"), unmoved_at__isnull=False),
                name="adjustment_unmoved",
            ),
            models.CheckConstraint(condition=Q(debtor__in=Party.values), name="adjustment_debtor"),
            models.CheckConstraint(condition=~Q(reason=""), name="adjustment_reason"),
            models.UniqueConstraint(
                fields=["agreement"], condition=Q(reason_code=ENDED_EARLY), name="adjustment_ended_early_once"
            ),
        ]
        indexes = [models.Index(fields=["agreement"], name="adjustment_of_agreement")]
        triggers = [
            no_delete(),
            immutable("public_id", "salt", "agreement_id", "debtor", "charge", "amount_minor", "currency", "reason_code", "reason",
                      "ordered_by", "ordered_at"),
            set_once("unmoved_minor", "unmoved_at"),
            set_now("unmoved_at"),
            dated_now("ordered_at", past=["unmoved_at"]),
            dispute_guards.unmoved_as_recorded(),
            guards.within_price(),
            raised_by_talk(),
            reduced_for_fault(),
            fired_by_clause(),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
