"""Suspensions of organisations, and what ends them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import DayField, MomentField, TransactionIdField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import append_only, dated_now, own_transaction
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.kernel.suspensions import EFFECTS

from ..acting import acted_by_person
from ..interest_guards import unrelated
from ..states import SuspensionKind
from ..suspension_guards import ends_own_suspension, suspends_organisation
from .organisations import Organisation

NEEDING_REFERENCE = [kind.value for kind, effect in EFFECTS.items() if effect.needs_reference]


class Suspension(models.Model):
    """The operator, or the rules, suspended an organisation; what the kind means is in ``kernel.suspensions``.

    ``reason_code`` goes into the event; only the organisation reads ``reason``. ``reference`` is the number of the document
    that it follows from, ``effective_on`` the day from which that says so. It stands until its Reinstatement. Several may
    stand at once. Invariant: an organisation is suspended while one stands, and only then. Append-only.
    """

    public_id = IdentifierField(prefix="sus")
    salt = SaltField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=SuspensionKind.choices)
    reason_code = models.CharField(max_length=40)
    reason = models.TextField()
    reference = models.CharField(max_length=200, blank=True, default="")
    effective_on = DayField()
    suspended_by = models.CharField(max_length=60)
    suspended_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=SuspensionKind.values) & ~Q(reason_code="") & ~Q(reason=""),
                name="suspension_reason",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=NEEDING_REFERENCE) | ~Q(reference=""), name="suspension_reference"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "id"], name="suspension_of")]
        triggers = [
            append_only(),
            dated_now("suspended_at", real=["recorded_at"]),
            suspends_organisation(),
            unrelated("suspended_by"),
        ]


class Reinstatement(models.Model):
    """A suspension of an organisation was ended by two people of the operator.

    ``first_person`` gave the command first, ``reinstated_by`` is another. ``transaction`` is that of the reinstatement.
    Invariants: no suspension ends without one, and an organisation is active again, in the same transaction, when the last
    has ended. Append-only.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    suspension = models.OneToOneField(Suspension, on_delete=models.PROTECT, related_name="ended_by")
    first_person = models.CharField(max_length=60)
    reinstated_by = models.CharField(max_length=60)
    reinstated_at = MomentField()
    transaction = TransactionIdField(db_default=models.Func(function="pg_current_xact_id"))
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reinstated_by__regex=PERSON_PATTERN)
                & ~Q(first_person="")
                & ~Q(first_person=F("reinstated_by")),
                name="reinstatement_two_people",
            ),
        ]
        triggers = [
            append_only(),
            dated_now("reinstated_at", real=["recorded_at"]),
            own_transaction(),
            ends_own_suspension(),
            acted_by_person("reinstated_by", Permission.ADMISSION_WRITE, first="first_person"),
            unrelated("reinstated_by", "first_person"),
        ]
