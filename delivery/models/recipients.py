"""The people and programs of a buyer that it declares where rights are limited to a person in charge or a department."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from listings.rights import DisclosureScope
from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH

from .. import use_guards
from .entitlements import Entitlement

DECLARED_SCOPES = {
    scope.value: scope.label for scope in (DisclosureScope.PERSON_IN_CHARGE, DisclosureScope.DEPARTMENT)
}
"""The scopes of disclosure in which somebody is only by declaration."""


class DeclaredRecipient(models.Model):
    """A person or program of the buyer that its owner declares as the person in charge, or as of the department, for one delivery.

    Invariants: ``recipient`` belongs to the buyer; an owner of the buyer, with a fresh proof, declares and withdraws it; each stands at
    most once; what was declared never changes but by its withdrawal.
    """

    entitlement = models.ForeignKey(Entitlement, on_delete=models.PROTECT, related_name="recipients")
    recipient = models.CharField(max_length=IDENTIFIER_LENGTH)
    scope = models.CharField(max_length=20, choices=list(DECLARED_SCOPES.items()))
    declared_by = models.CharField(max_length=60)
    declared_at = MomentField()
    withdrawn_by = models.CharField(max_length=60, blank=True, default="")
    withdrawn_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entitlement", "recipient"],
                condition=Q(withdrawn_at__isnull=True),
                name="recipient_declared_once",
            ),
            models.CheckConstraint(
                condition=Q(scope__in=list(DECLARED_SCOPES))
                & (
                    Q(withdrawn_at__isnull=True) & Q(withdrawn_by="")
                    | Q(withdrawn_at__isnull=False) & ~Q(withdrawn_by="")
                ),
                name="recipient_withdrawn_when",
            ),
        ]
        triggers = [
            no_delete(),
            immutable("entitlement_id", "recipient", "scope", "declared_by", "declared_at"),
            set_once("withdrawn_at"),
            set_now("withdrawn_at"),
            dated_now("declared_at", stated=["withdrawn_at"]),
            use_guards.declared_by_owner(),
        ]

    def __str__(self) -> str:
        """Who, and of which delivery."""
        return f"{self.entitlement_id}/{self.recipient}"
