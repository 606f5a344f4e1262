"""Second-person control: commands on large amounts and the two people who gave them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.columns import MinorField
from marketplace.kernel.guards import immutable, no_delete, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField

from ..ground.columns import currency_stated
from .states import APPROVAL, ApprovalState


class Approval(models.Model):
    """A command on a large amount that one person of the operator gave and another must give too.

    ``command`` is the use case (``clearing.transfer_file``), ``subject`` the public identifier of its object,
    ``payload`` its exact content, ``digest`` the SHA-256 over all of it: a command with other content is another
    approval. People are distinguished by the identifier of their actor, so a person and a program of the operator count
    as two people, and so do two programs: give the secrets of programs to different people.

    Invariants: one approval per content is pending; it is approved by another person than the first, before it expires;
    its content never changes. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="apv")
    command = models.CharField(max_length=60)
    subject = models.CharField(max_length=60)
    digest = models.CharField(max_length=64)
    payload = models.JSONField()
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=ApprovalState.choices, default=ApprovalState.PENDING)
    first_person = models.CharField(max_length=60)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_by = models.CharField(max_length=60, null=True)
    ended_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["command", "subject", "digest"],
                condition=Q(state="pending"),
                name="approval_pending_once",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", ended_by=None, ended_at=None)
                | ~Q(state="pending") & Q(ended_by__isnull=False, ended_at__isnull=False),
                name="approval_ended_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | ~Q(ended_by=F("first_person")) & Q(ended_at__lt=F("expires_at")),
                name="approval_two_people",
            ),
            models.CheckConstraint(
                condition=Q(
                    amount_minor__gt=0, digest__regex=r"^[0-9a-f]{64}$", expires_at__gt=F("asked_at")
                ),
                name="approval_of_what",
            ),
            currency_stated("approval_currency"),
        ]
        indexes = [models.Index("expires_at", name="approval_due", condition=Q(state="pending"))]
        triggers = [
            state_guard(APPROVAL),
            immutable(
                "public_id",
                "command",
                "subject",
                "digest",
                "payload",
                "amount_minor",
                "currency",
                "first_person",
                "asked_at",
                "expires_at",
            ),
            set_once("ended_by", "ended_at"),
            no_delete(),
        ]
