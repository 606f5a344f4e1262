"""Invitations, by which people join organisations."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import MomentField, TransactionIdField
from marketplace.kernel.guards import immutable, no_delete, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField

from ..bounds import INVITATION_MAILS_MAX
from ..membership_guards import invited_rightly
from ..states import INVITATION, INVITATION_ENDED, InvitationState, MemberRole
from .organisations import Organisation
from .recoveries import OwnerRecovery
from .words import LANGUAGES

DIGEST_PATTERN = r"^[0-9a-f]{64}$"


class Invitation(models.Model):
    """An invitation of the person of a mail address to join an organisation with ``roles``.

    ``token_digest`` is the SHA-256 of the token in the mail that was sent last, ``mails`` how many were. ``invited_by`` and
    ``confirmed_by`` are people of the organisation, or ``system`` for the first owner and after a ``recovery``; ``ended_by`` who accepted or revoked
    it. ``transaction`` is that of its acceptance. Personal data: the address is in no event or evidence record.

    Invariants: an owner invites; a second one confirms where that takes two; one invitation of an address to an organisation
    is open at a time; it is accepted in time, by the person of the address.
    """

    public_id = IdentifierField(prefix="ivt")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    email = models.EmailField()
    roles = ArrayField(models.CharField(max_length=12))
    language = models.CharField(max_length=2, choices=LANGUAGES, default="ja")
    state = models.CharField(max_length=10, choices=InvitationState.choices, default=InvitationState.OPEN)
    invited_by = models.CharField(max_length=31)
    invited_at = MomentField()
    confirmed_by = models.CharField(max_length=31, null=True)
    confirmed_at = MomentField(null=True)
    token_digest = models.CharField(max_length=64, null=True)
    mails = models.PositiveSmallIntegerField(default=0)
    expires_at = MomentField()
    ended_by = models.CharField(max_length=31, null=True)
    ended_at = MomentField(null=True)
    recovery = models.OneToOneField(OwnerRecovery, on_delete=models.PROTECT, related_name="+", null=True)
    transaction = TransactionIdField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "email"],
                condition=~Q(state__in=INVITATION_ENDED),
                name="invitation_open_once",
            ),
            models.UniqueConstraint(fields=["token_digest"], name="invitation_token_once"),
            models.CheckConstraint(
                condition=Q(email=Lower(F("email")), mails__lte=INVITATION_MAILS_MAX, roles__len__gt=0)
                & Q(roles__contained_by=list(MemberRole.values))
                & (Q(token_digest=None) | Q(token_digest__regex=DIGEST_PATTERN)),
                name="invitation_well_formed",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None)
                | Q(confirmed_by__regex=PERSON_PATTERN, confirmed_at__isnull=False)
                & ~Q(confirmed_by=F("invited_by")),
                name="invitation_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state__in=INVITATION_ENDED, ended_at__isnull=False, ended_by__isnull=False)
                | ~Q(state__in=INVITATION_ENDED) & Q(ended_at=None, ended_by=None),
                name="invitation_ended_when",
            ),
        ]
        indexes = [
            models.Index("expires_at", name="invitation_lapsing", condition=~Q(state__in=INVITATION_ENDED))
        ]
        triggers = [
            state_guard(INVITATION),
            no_delete(),
            immutable(
                "public_id", "organisation_id", "email", "roles", "language", "invited_by", "invited_at"
            ),
            set_once("confirmed_by", "confirmed_at", "ended_by", "ended_at"),
            invited_rightly(),
        ]

    def __str__(self) -> str:
        """The public identifier, so that logs contain no address."""
        return self.public_id
