"""Commissioned work: faults that the seller admits."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField

from .guards import admitted_by_seller
from .states import FaultGround

ACTOR_LENGTH_MAX = 60
TEXT_LENGTH_MAX = 2_000


class SellerFault(models.Model):
    """The seller of commissioned work admits a fault: from then on its price may be reduced (``is_reducible``).

    Otherwise only a dispute that returns the price says so. Invariants: of an agreement whose plan protects the seller; by a signatory of
    the seller with a fresh proof; append-only.
    """

    public_id = IdentifierField(prefix="slf")
    salt = SaltField()
    agreement = models.ForeignKey(
        "contracts.Agreement", on_delete=models.PROTECT, related_name="seller_faults"
    )
    ground = models.CharField(max_length=12, choices=FaultGround.choices)
    statement = models.TextField()
    admitted_by = models.CharField(max_length=ACTOR_LENGTH_MAX)
    admitted_at = MomentField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ground__in=FaultGround.values, admitted_by__regex=PERSON_PATTERN)
                & ~Q(statement=""),
                name="seller_fault_stated",
            ),
        ]
        triggers = [append_only(), dated_now("admitted_at"), admitted_by_seller()]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
