"""Commands that take two people, and the two people who gave them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import BoundedJSONField, MinorField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once, state_guard
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.kernel.permissions import WRITES

from .states import APPROVAL, ApprovalState

CONTENT = (
    "public_id", "organisation", "permission", "command", "subject", "digest", "salt", "payload", "amount_minor", "currency",
    "first_person", "first_responsible", "asked_at", "expires_at",
)  # fmt: skip
"""What never changes of an approval."""


class Approval(models.Model):
    """A command that one person of an organisation gave and another person of it must give too.

    ``organisation`` is the public identifier of the organisation for which both act, ``permission`` what both must hold.
    ``command`` is the use case (``clearing.transfer_file``), ``subject`` the public identifier of its object, ``payload``
    its exact content, ``digest`` the SHA-256 over all of it: a command with other content is another approval. Evidence commits to
    the digest with ``salt``, because the content may be people's own words. What moves no
    money itself has no amount. A program may give a command first; who approves it is a person, and not
    ``first_responsible``, who answers for that program.

    Invariants: one approval per organisation and content is pending; it is approved by a person, another than the first,
    before it expires; the first and the second hold the permission in the organisation at that moment (the guard is in
    ``participants.acting``, which knows who holds what); its content never changes. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="apv")
    salt = SaltField()
    organisation = models.CharField(max_length=IDENTIFIER_LENGTH)
    permission = models.CharField(max_length=30)
    command = models.CharField(max_length=60)
    subject = models.CharField(max_length=60)
    digest = models.CharField(max_length=64)
    payload = BoundedJSONField()
    amount_minor = MinorField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    state = models.CharField(max_length=10, choices=ApprovalState.choices, default=ApprovalState.PENDING)
    first_person = models.CharField(max_length=60)
    first_responsible = models.CharField(max_length=60)
    asked_at = MomentField()
    expires_at = MomentField()
    ended_by = models.CharField(max_length=60, null=True)
    ended_at = MomentField(null=True)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "command", "subject", "digest"],
                condition=Q(state="pending"),
                name="approval_asked_once",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", ended_by=None, ended_at=None)
                | ~Q(state="pending") & Q(ended_by__isnull=False, ended_at__isnull=False),
                name="approval_ended_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | ~Q(ended_by=F("first_person"))
                & ~Q(ended_by=F("first_responsible"))
                & Q(ended_at__lt=F("expires_at"), ended_by__regex=PERSON_PATTERN),
                name="approval_two_people",
            ),
            models.CheckConstraint(
                condition=Q(
                    digest__regex=r"^[0-9a-f]{64}$",
                    expires_at__gt=F("asked_at"),
                    permission__in=sorted(name.value for name in WRITES),
                )
                & (Q(amount_minor__gt=0, currency__regex=r"^[A-Z]{3}$") | Q(amount_minor=None, currency="")),
                name="approval_of_what",
            ),
        ]
        indexes = [
            models.Index("expires_at", name="approval_expiring", condition=Q(state="pending")),
            models.Index(fields=["organisation", "-id"], name="approval_of_organisation"),
        ]
        triggers = [
            state_guard(APPROVAL),
            immutable(*CONTENT),
            set_once("ended_by", "ended_at"),
            no_delete(),
            dated_now("asked_at", real=["recorded_at"], stated=["expires_at"]),
            set_now("ended_at"),
        ]

    def __str__(self) -> str:
        """The command and the public identifier."""
        return f"{self.command} {self.subject} ({self.public_id})"
