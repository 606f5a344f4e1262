"""Second-person control: commands on large amounts and the two people who gave them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import BoundedJSONField, DayField, MinorField, MomentField
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

from ..ground.columns import CURRENCY_PATTERN, currency_stated, date_of_moment
from .guards import within_one_persons_limit
from .states import APPROVAL, ApprovalState


class Approval(models.Model):
    """A command on a large amount that one person of the operator gave and another must give too.

    ``command`` is the use case (``clearing.transfer_file``), ``subject`` the public identifier of its object,
    ``payload`` its exact content, ``digest`` the SHA-256 over all of it: a command with other content is another
    approval. What moves no money itself has no amount. A program may give a command first; who approves it is a person, and
    not ``first_responsible``, who answers for that program.

    Invariants: one approval per content is pending; it is approved by a person, another than the first, before it
    expires; its content never changes. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="apv")
    command = models.CharField(max_length=60)
    subject = models.CharField(max_length=60)
    digest = models.CharField(max_length=64)
    payload = BoundedJSONField()
    amount_minor = MinorField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    state = models.CharField(max_length=10, choices=ApprovalState.choices, default=ApprovalState.PENDING)
    first_person = models.CharField(max_length=60)
    first_responsible = models.CharField(max_length=60, blank=True, default="", db_default="")
    asked_at = MomentField()
    expires_at = MomentField()
    ended_by = models.CharField(max_length=60, null=True)
    ended_at = MomentField(null=True)
    recorded_at = MomentField(db_default=Now())

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
                | ~Q(ended_by=F("first_person"))
                & ~Q(ended_by=F("first_responsible"))
                & Q(ended_at__lt=F("expires_at"), ended_by__regex=PERSON_PATTERN),
                name="approval_two_people",
            ),
            models.CheckConstraint(
                condition=Q(digest__regex=r"^[0-9a-f]{64}$", expires_at__gt=F("asked_at"))
                & (
                    Q(amount_minor__gt=0, currency__regex=CURRENCY_PATTERN)
                    | Q(amount_minor=None, currency="")
                ),
                name="approval_of_what",
            ),
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
                "first_responsible",
                "asked_at",
                "expires_at",
            ),
            set_once("ended_by", "ended_at"),
            no_delete(),
            dated_now("asked_at", real=["recorded_at"], stated=["expires_at"]),
            set_now("ended_at"),
        ]


class MoneyCommand(models.Model):
    """A command on money that people of the operator have given and that was carried out.

    ``payee`` is the public identifier of the organisation whose money grows or whose debt shrinks by it, empty where
    one command pays several. ``approval`` is that of its second person, null if ``given_by`` gave it alone. ``given_on``
    is the business date.

    Invariants: what one person gives alone stays, with all such commands of its kind for the payee on the day, below
    the amount from which a second person is needed. Append-only.
    """

    command = models.CharField(max_length=60)
    subject = models.CharField(max_length=60)
    payee = models.CharField(max_length=60, blank=True, default="")
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    given_by = models.CharField(max_length=60)
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True, related_name="+")
    given_on = DayField()
    given_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="money_command_amount"),
            date_of_moment("money_command_day", day="given_on", moment="given_at"),
            currency_stated("money_command_currency"),
        ]
        indexes = [
            models.Index(
                fields=["command", "payee", "currency", "given_on"],
                name="money_command_alone",
                condition=Q(approval=None),
            )
        ]
        triggers = [append_only(), dated_now("given_at", real=["recorded_at"]), within_one_persons_limit()]
