"""Second-person control: commands on large amounts, and the two people who gave them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.guards import immutable, no_delete, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField

from ..ground.columns import currency_stated
from .states import APPROVAL, ApprovalState


class Approval(models.Model):
    """A command on a large amount that somebody of the operator gave, and that another must give too.

    ``command`` is the use case (``clearing.transfer_file``), ``subject`` the public identifier of what it acts on,
    ``payload`` what exactly is to be done, ``digest`` the SHA-256 over all of it: a command with any other content
    is another request. Who acts is told by the identifier of its actor, so a person and a program of the operator
    are two people, and two programs are too: hand programs' secrets to people accordingly.

    Invariants: one request of a content is pending; it is approved by somebody else than who asked, before it
    expires; what was asked never changes. Rows are never removed.
    """

    public_id = IdentifierField(prefix="apv")
    command = models.CharField(max_length=60)
    subject = models.CharField(max_length=60)
    digest = models.CharField(max_length=64)
    payload = models.JSONField()
    amount_minor = models.BigIntegerField()
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
