"""The duty to delete after the end of an agreement, and the buyer's signed certificate that it did."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import DayField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import (
    append_only,
    dated_now,
    immutable,
    no_delete,
    set_now,
    set_once,
    state_guard,
)
from marketplace.kernel.identifiers import IdentifierField

from . import guards as deletion_guards
from .states import DELETION, DeletionState

STATEMENT_LENGTH_MAX = 4_000
PERSON_LENGTH_MAX = 60


class DeletionDuty(models.Model):
    """The buyer of an agreement that ended deletes the data with its copies, and certifies it by ``due_by``.

    ``due_by``: the end of the 30th day after the end of the agreement. ``reminded_at``: when the buyer was reminded before;
    ``overdue_at``: when the operator's people were asked to look into it, and the seller was told.

    Invariants: an agreement has one from the moment it ends in a way of which its signed plan says that copies are deleted, if anything
    was sent; it is due when the days say; it is certified exactly with a certificate; overdue only after its day; rows are never deleted.
    """

    public_id = IdentifierField(prefix="ddy")
    agreement = models.OneToOneField(
        "contracts.Agreement", on_delete=models.PROTECT, related_name="deletion_duty"
    )
    state = models.CharField(max_length=10, choices=DeletionState.choices, default=DeletionState.OPEN)
    arose_at = MomentField()
    due_by = MomentField()
    reminded_at = MomentField(null=True)
    overdue_at = MomentField(null=True)
    certified_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=DeletionState.CERTIFIED) ^ Q(certified_at=None), name="deletion_certified_when"
            ),
            models.CheckConstraint(
                condition=~Q(state=DeletionState.OVERDUE) | Q(overdue_at__isnull=False), name="deletion_overdue_when"
            ),
        ]  # fmt: skip
        indexes = [models.Index("due_by", name="deletion_due", condition=Q(state=DeletionState.OPEN))]
        triggers = [
            state_guard(DELETION),
            no_delete(),
            immutable("public_id", "agreement_id", "arose_at", "due_by"),
            set_once("reminded_at", "overdue_at", "certified_at"),
            set_now("reminded_at", "overdue_at", "certified_at"),
            dated_now("arose_at", past=["reminded_at", "overdue_at", "certified_at"], stated=["due_by"]),
            deletion_guards.due_as_signed(),
            deletion_guards.certified_whole(),
        ]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class DeletionCertificate(models.Model):
    """A person of the buyer certifies the deletion: when, how (``statement``), and what law lets it keep (``kept``).

    ``jws`` is the market's signature as a witness over ``deletion.certificate_claims``. Invariants: one a duty; by a signatory of the
    buyer; of a day from that on which access began to its own; append-only.
    """

    public_id = IdentifierField(prefix="dct")
    salt = SaltField()
    duty = models.OneToOneField(DeletionDuty, on_delete=models.PROTECT, related_name="certificate")
    deleted_on = DayField()
    statement = models.TextField()
    kept = models.TextField(blank=True, default="")
    certified_by = models.CharField(max_length=PERSON_LENGTH_MAX)
    jws = models.TextField()
    given_at = MomentField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(statement="") & Q(certified_by__regex=PERSON_PATTERN), name="deletion_stated"
            ),
        ]
        triggers = [append_only(), dated_now("given_at"), deletion_guards.certified_by_buyer()]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
