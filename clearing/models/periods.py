"""Accounting periods that are closed for good."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.kernel.guards import append_only
from marketplace.kernel.identifiers import IdentifierField

from .period_guards import months_in_order


class LedgerPeriod(models.Model):
    """A month whose books are closed: no entry is ever booked on one of its days again.

    ``month`` is its first day. ``trial_balances`` is currency → rows of the trial balance as of its last day, as it
    was then, and ``sha256`` its hash over canonical JSON (RFC 8785), so that an accountant's copy can be compared.

    Invariants: months are closed in order, each once, and only when they are over; the journal takes no entry on a
    day of a closed month (trigger on entries). Append-only.
    """

    public_id = IdentifierField(prefix="per")
    month = models.DateField(unique=True)
    entries = models.BigIntegerField()
    trial_balances = models.JSONField()
    sha256 = models.CharField(max_length=64)
    closed_by = models.CharField(max_length=60)
    closed_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="ledger_period_month"),
        ]
        triggers = [append_only(), months_in_order()]
