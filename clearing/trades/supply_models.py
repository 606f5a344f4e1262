"""What sellers state that they supply with a listing."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.rules.tax_tables import Supply

from ..ground.columns import organisation_key


class SupplyStatement(models.Model):
    """A seller's statement of what it supplies with a listing: data by wire, or the use of a right.

    It decides the class of supply, the tax point and the withholding of the seller's own trades of that listing that are
    concluded, or still wait for it, from ``stated_at`` on; the newest counts. Append-only.
    """

    public_id = IdentifierField(prefix="sps")
    organisation = organisation_key(db_index=False)
    listing = models.CharField(max_length=IDENTIFIER_LENGTH)
    supply = models.CharField(max_length=10, choices=Supply.choices)
    stated_at = MomentField()
    stated_by = models.CharField(max_length=60)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(supply__in=Supply.values) & ~Q(listing=""), name="supply_statement_stated"
            ),
        ]
        indexes = [models.Index("organisation", "listing", "id", name="supply_statement_newest")]
        triggers = [append_only(), dated_now("stated_at", real=["recorded_at"])]
