"""How often a buyer asked for files to which access was closed: one row for each listing and day."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.kernel.columns import CountField, DayField, MomentField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH
from marketplace.oversight.reviews.detectors import REFUSED_A_DAY

from .. import guards
from ..states import REFUSALS_COUNTED_MAX, ClosedAccess
from .entitlements import Entitlement


class RefusedDownloads(models.Model):
    """So many ``refusals`` had a buyer of a listing on a business day, the last one with ``code``; counted up to a bound.

    ``entitlement`` is the one that was refused first. ``noticed_at``: when the surveillance was told. Invariants: of access that
    was granted to the buyer; counted one by one, from one on; noticed from ``REFUSED_A_DAY`` on, once. Rows leave after a month.
    """

    entitlement = models.ForeignKey(Entitlement, on_delete=models.PROTECT, related_name="+")
    buyer = models.CharField(max_length=IDENTIFIER_LENGTH)
    listing = models.CharField(max_length=IDENTIFIER_LENGTH)
    day = DayField()
    refusals = CountField()
    code = models.CharField(max_length=20, choices=ClosedAccess.choices)
    first_at = MomentField()
    last_at = MomentField()
    noticed_at = MomentField(null=True)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["buyer", "listing", "day"], name="refused_downloads_of_day"),
            models.CheckConstraint(
                condition=Q(refusals__gte=1, refusals__lte=REFUSALS_COUNTED_MAX)
                & Q(code__in=ClosedAccess.values)
                & (Q(noticed_at=None) | Q(refusals__gte=REFUSED_A_DAY)),
                name="refused_downloads_counted",
            ),
        ]
        indexes = [
            models.Index(
                "id",
                name="refused_downloads_unnoticed",
                condition=Q(noticed_at=None, refusals__gte=REFUSED_A_DAY),
            ),
        ]
        triggers = [
            immutable("entitlement_id", "buyer", "listing", "day", "first_at", "recorded_at"),
            set_once("noticed_at"),
            set_now("last_at", "noticed_at"),
            no_delete(),
            dated_now("first_at", "last_at", real=["recorded_at"], stated=["noticed_at"]),
            guards.refusals_counted(),
        ]

    def __str__(self) -> str:
        """Whose, of what, and when."""
        return f"{self.buyer} {self.listing} {self.day}"
