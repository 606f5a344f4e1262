"""Corrections that wait for their charge."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from marketplace.kernel.columns import CountField, MinorField, MomentField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH

from ..ground.columns import organisation_key
from .awaited_guards import awaited_lawfully, ended_as_recorded


class AwaitedCorrection(models.Model):
    """An adjustment of a charge that is no trade yet, or of a metered period whose use is not counted yet: it is made when it can be.

    ``source`` is the public identifier of the adjustment, as on obligations. ``ended_at`` is when it became an obligation as far as the
    price of its charge went, or void because the charge never comes.

    Invariants: it begins while its charge is to come, and is over when the charge is a trade whose price is known, or charging has ended;
    each source once. Rows are never deleted.
    """

    source = models.CharField(max_length=IDENTIFIER_LENGTH, unique=True)
    agreement = models.CharField(max_length=IDENTIFIER_LENGTH)
    charge = CountField()
    debtor = organisation_key(db_index=False)
    creditor = organisation_key(db_index=False)
    amount_minor = MinorField()
    awaited_at = MomentField()
    ended_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, charge__gte=1) & ~Q(debtor=F("creditor")), name="awaited_correction_amount"
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["agreement", "charge"], name="awaited_correction_open", condition=Q(ended_at=None)
            )
        ]
        triggers = [
            awaited_lawfully(),
            ended_as_recorded(),
            immutable(
                "source", "agreement", "charge", "debtor_id", "creditor_id", "amount_minor", "awaited_at"
            ),
            set_once("ended_at"),
            set_now("ended_at"),
            dated_now("awaited_at", past=["ended_at"]),
            no_delete(),
        ]

    def __str__(self) -> str:
        """The adjustment."""
        return self.source
