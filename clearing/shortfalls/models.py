"""Deferrals and shortfalls."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from marketplace.kernel.columns import MinorField
from marketplace.kernel.guards import append_only
from marketplace.kernel.identifiers import IdentifierField

from ..cycles.models import Cycle
from ..ground.columns import currency_stated, organisation_key
from ..trades.models import Obligation
from .guards import deferrals_fit


class Deferral(models.Model):
    """The part of an obligation that its cycle did not settle, and the obligation of a later cycle that it became.

    ``amount_minor`` excludes ``tax_minor``, a part of the tax computed in the cycle. A deferred fee becomes an obligation
    over both together, because its tax is computed once. Invariants: an obligation is deferred once, when its cycle is
    netted; ``next`` has exactly the deferred amount, kind and parties; nothing else continues. Append-only.
    """

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+")
    obligation = models.OneToOneField(Obligation, on_delete=models.PROTECT, related_name="+")
    next = models.OneToOneField(Obligation, on_delete=models.PROTECT, related_name="+")
    amount_minor = MinorField()
    tax_minor = MinorField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0, tax_minor__gte=0), name="deferral_amount"),
        ]
        triggers = [append_only(), deferrals_fit()]


class Shortfall(models.Model):
    """A participant owed more in a cycle than the cycle and its own money brought.

    ``missing_minor`` is what its own money did not cover: the reserve lent ``lent_minor`` as a claim, and
    ``deferred_minor`` was deferred. ``awaited_minor`` is what others deferred that they owed to it: if it covers what is
    missing, others caused the shortfall. Invariant: one per cycle and participant. Append-only.
    """

    public_id = IdentifierField(prefix="sft")
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+", db_index=False)
    organisation = organisation_key()
    currency = models.CharField(max_length=3)
    missing_minor = MinorField()
    lent_minor = MinorField()
    deferred_minor = MinorField()
    awaited_minor = MinorField()
    occurred_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cycle", "organisation"], name="shortfall_once"),
            models.CheckConstraint(
                condition=Q(
                    missing_minor__gt=0,
                    missing_minor=F("lent_minor") + F("deferred_minor"),
                    lent_minor__gte=0,
                    deferred_minor__gte=0,
                    awaited_minor__gte=0,
                ),
                name="shortfall_amounts",
            ),
            currency_stated("shortfall_currency"),
        ]
        triggers = [append_only()]
