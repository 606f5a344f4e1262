"""People, the organisations they belong to, and their roles there."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from marketplace.kernel.actors import PERSON_PREFIX
from marketplace.kernel.columns import MomentField, TransactionIdField
from marketplace.kernel.guards import immutable, no_delete, own_transaction, set_once
from marketplace.kernel.identifiers import IdentifierField

from ..guards import sessions_end_with_password
from ..login_guards import address_verified, unlocked_rightly
from ..membership_guards import (
    joined_by_invitation,
    owner_leaves_rightly,
    owner_revoked_rightly,
    role_fits,
    role_granted_rightly,
    staff_apart,
)
from ..states import MemberRole
from ..trustee_guards import trustee_is_appointed
from .invitations import Invitation
from .organisations import Organisation
from .words import LANGUAGES


class UserManager(BaseUserManager["User"]):
    """Creates users, who are identified by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user with the address in lower case; without a password the user cannot sign in."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        # Whoever sets the password, or has the token of an invitation, reads the mail at that address.
        EmailAddress.objects.using(self._db).create(user=user, email=user.email, verified=True, primary=True)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """The user of an e-mail address, ignoring case."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):  # type: ignore[django-manager-missing]  # of the token library
    """A person who signs in by e-mail address. Personal data: never in an event or an evidence record.

    ``transaction`` is the one that made the person. Invariants: addresses are stored in lower case, so one address is one
    person; another address becomes a person's once its mail was answered.
    """

    public_id = IdentifierField(prefix=PERSON_PREFIX)
    email = models.EmailField()
    name = models.CharField(max_length=100, blank=True, default="")
    language = models.CharField(max_length=2, choices=LANGUAGES, default="ja")
    is_active = models.BooleanField(default=True)
    joined_at = MomentField(db_default=Now())
    transaction = TransactionIdField(db_default=models.Func(function="pg_current_xact_id"))

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email"], name="user_email_once"),
            models.CheckConstraint(condition=Q(email=Lower(F("email"))), name="user_email_lower_case"),
        ]
        triggers = [
            immutable("public_id", "transaction"),
            own_transaction(),
            sessions_end_with_password(),
            unlocked_rightly(),
            address_verified(),
        ]

    def __str__(self) -> str:
        """The public identifier, so that logs contain no address."""
        return self.public_id


class Membership(models.Model):
    """The membership of a person in an organisation, until it ends.

    ``invitation`` is the one that the person accepted; a person whom the system makes joins with its making, without one.
    Invariants: one live membership per person and organisation; who belongs to the operator belongs to nobody else; nobody
    joins otherwise; the last owner stays. Memberships that have ended stay on record.
    """

    public_id = IdentifierField(prefix="mbr")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    since = MomentField()
    ended_at = MomentField(null=True)
    invitation = models.OneToOneField(Invitation, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"],
                condition=Q(ended_at__isnull=True),
                name="membership_live_once",
            ),
        ]
        triggers = [
            immutable("public_id", "user_id", "organisation_id", "since", "invitation_id"),
            set_once("ended_at"),
            no_delete(),
            staff_apart(),
            joined_by_invitation(),
            owner_leaves_rightly(),
        ]


class RoleGrant(models.Model):
    """A role that a member holds, until it is revoked. ``granted_by``: the identifier of who granted it.

    Invariants: a member holds a role once; operator roles only at the operator, participant roles only elsewhere. A role
    comes with the joining or by a change of the membership (``MemberChange``); the last owner keeps its role.
    """

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=12, choices=MemberRole.choices)
    granted_at = MomentField()
    granted_by = models.CharField(max_length=31)
    revoked_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["membership", "role"],
                condition=Q(revoked_at__isnull=True),
                name="rolegrant_live_once",
            ),
            models.CheckConstraint(condition=Q(role__in=MemberRole.values), name="rolegrant_role"),
        ]
        triggers = [
            immutable("membership_id", "role", "granted_at", "granted_by"),
            set_once("revoked_at"),
            no_delete(),
            role_fits(),
            trustee_is_appointed(),
            role_granted_rightly(),
            owner_revoked_rightly(),
        ]
