"""Changes of the facts of organisations."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import DayField, MomentField, TransactionIdField
from marketplace.kernel.guards import append_only, dated_now, own_transaction
from marketplace.kernel.identifiers import IdentifierField

from ..fact_guards import fact_by_own_person
from ..organisation_facts import Fact
from .organisations import Organisation

VALUE_LENGTH_MAX = 300


class FactChange(models.Model):
    """One fact of an organisation was changed by one of its own people.

    ``effective_on`` is the day from which the new value holds, today or before; ``document`` cites what proves it, and
    ``document_sha256`` is that of its copy (empty without one). A value that was not stated is the empty text. Personal
    data: never in an event or an evidence record.

    Invariants: no fact of an organisation changes without one, in the same transaction; a person of the organisation who
    may change its facts makes it. Append-only.
    """

    public_id = IdentifierField(prefix="ofc")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    fact = models.CharField(max_length=30, choices=Fact.choices)
    old_value = models.CharField(max_length=VALUE_LENGTH_MAX, blank=True, default="")
    new_value = models.CharField(max_length=VALUE_LENGTH_MAX, blank=True, default="")
    effective_on = DayField()
    document = models.CharField(max_length=200)
    document_sha256 = models.CharField(max_length=64, blank=True, default="")
    changed_by = models.CharField(max_length=60)
    changed_at = MomentField()
    transaction = TransactionIdField(db_default=models.Func(function="pg_current_xact_id"))
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(fact__in=Fact.values, changed_by__regex=PERSON_PATTERN)
                & ~Q(old_value=F("new_value"))
                & ~Q(document="")
                & (Q(document_sha256="") | Q(document_sha256__regex=r"^[0-9a-f]{64}$")),
                name="fact_change_of_what",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "id"], name="fact_changes_of")]
        triggers = [
            append_only(),
            dated_now("changed_at", real=["recorded_at"]),
            own_transaction(),
            fact_by_own_person(),
        ]

    def __str__(self) -> str:
        """The public identifier, so that logs contain no value."""
        return self.public_id
