"""The recovery of an organisation whose owners are lost."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Lower

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import MomentField, TransactionIdField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import immutable, no_delete, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField

from ..interest_guards import unrelated
from ..media import ACCEPTED
from ..recovery_guards import recovered_rightly
from ..states import OWNER_RECOVERY, OwnerRecoveryState
from .organisations import Organisation
from .words import LANGUAGES


class OwnerRecovery(models.Model):
    """A request to make the person of ``email`` the owner of an organisation whose owners are lost.

    ``filed_by``: a person of the operator, or ``public``. Two people of the operator propose and confirm it; every known
    contact is told at once; until ``ends_at``, business time, each may object. Then ``email`` is invited, and the owners
    before lose that role when it joins. ``transaction`` is that of the end. Personal data: in no event or evidence record.

    Invariants: two people of admission without an interest in it decide; nobody is invited before the end of the waiting time, or after an objection.
    """

    public_id = IdentifierField(prefix="rcv")
    salt = SaltField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    email = models.EmailField()
    name = models.CharField(max_length=100)
    language = models.CharField(max_length=2, choices=LANGUAGES, default="ja")
    statement = models.TextField()
    state = models.CharField(
        max_length=9, choices=OwnerRecoveryState.choices, default=OwnerRecoveryState.FILED
    )
    filed_by = models.CharField(max_length=31)
    filed_at = MomentField()
    proposed_by = models.CharField(max_length=31, null=True)
    proposed_at = MomentField(null=True)
    reason = models.TextField(blank=True, default="")
    confirmed_by = models.CharField(max_length=31, null=True)
    confirmed_at = MomentField(null=True)
    ends_at = MomentField(null=True)
    objection = models.TextField(blank=True, default="")
    ended_at = MomentField(null=True)
    transaction = TransactionIdField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower(F("email"))), name="recovery_email_lower_case"),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None, ends_at=None)
                | Q(
                    confirmed_by__regex=PERSON_PATTERN,
                    proposed_by__regex=PERSON_PATTERN,
                    ends_at__gt=F("confirmed_at"),
                )
                & ~Q(confirmed_by=F("proposed_by")),
                name="recovery_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("waiting", "objected", "concluded")) | Q(ends_at__isnull=False),
                name="recovery_decided_first",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("concluded", "refused")) ^ Q(ended_at=None), name="recovery_ended_when"
            ),
            models.UniqueConstraint(
                fields=["organisation"],
                condition=Q(state__in=("proposed", "waiting")),
                name="recovery_one_at_a_time",
            ),
        ]
        indexes = [models.Index("ends_at", name="recovery_due", condition=Q(state="waiting"))]
        triggers = [
            state_guard(OWNER_RECOVERY),
            no_delete(),
            immutable("public_id", "organisation_id", "email", "name", "language", "statement", "salt", "filed_by", "filed_at"),
            set_once("confirmed_by", "confirmed_at", "ends_at", "ended_at"),
            recovered_rightly(),
            unrelated("proposed_by", "confirmed_by"),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier, so that logs contain no address."""
        return self.public_id


class RecoveryEvidence(models.Model):
    """A file with which a recovery was requested. Personal data. Invariant: a PDF, JPEG or PNG file, with its own hash."""

    public_id = IdentifierField(prefix="rev")
    recovery = models.ForeignKey(OwnerRecovery, on_delete=models.PROTECT, related_name="evidence")
    media_type = models.CharField(max_length=20)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    added_at = MomentField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(media_type__in=sorted(ACCEPTED)), name="recoveryevidence_kind"
            ),
            models.CheckConstraint(
                condition=Q(
                    sha256=Func(
                        Func(F("content"), function="sha256", output_field=models.BinaryField()),
                        Value("hex"),
                        function="encode",
                        output_field=models.CharField(),
                    )
                ),
                name="recoveryevidence_hash",
            ),
        ]
        triggers = [
            immutable("public_id", "recovery_id", "media_type", "content", "sha256", "added_at"),
            no_delete(),
        ]


class RecoveryContact(models.Model):
    """A known contact of the organisation that is told of a recovery, and may object with the token of its mail.

    Personal data. Invariant: one row a recovery and address.
    """

    recovery = models.ForeignKey(OwnerRecovery, on_delete=models.PROTECT, related_name="contacts")
    address = models.EmailField()
    language = models.CharField(max_length=2, choices=LANGUAGES, default="ja")
    token_digest = models.CharField(max_length=64, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recovery", "address"], name="recoverycontact_once"),
            models.UniqueConstraint(fields=["token_digest"], name="recoverycontact_token_once"),
        ]
        triggers = [immutable("recovery_id", "address"), no_delete()]
