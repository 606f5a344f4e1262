"""People, the organisations they belong to, and their roles there."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from marketplace.kernel.actors import PERSON_PREFIX
from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import immutable, no_delete, set_once
from marketplace.kernel.identifiers import IdentifierField

from ..guards import role_fits, sessions_end_with_password, staff_apart
from ..states import MemberRole
from ..trustee_guards import trustee_is_appointed
from .organisations import Organisation

LANGUAGES = (("ja", "日本語"), ("en", "English"))


class UserManager(BaseUserManager["User"]):
    """Creates users, who are identified by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user with the address in lower case; without a password the user cannot sign in."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user with every right in the administration pages."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """The user of an e-mail address, ignoring case."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]  # of the token library
    """A person who signs in by e-mail address. Personal data: never in an event or an evidence record.

    Invariant: addresses are stored in lower case, so one address is one person.
    """

    public_id = IdentifierField(prefix=PERSON_PREFIX)
    email = models.EmailField()
    name = models.CharField(max_length=100, blank=True, default="")
    language = models.CharField(max_length=2, choices=LANGUAGES, default="ja")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = MomentField(db_default=Now())

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email"], name="user_email_once"),
            models.CheckConstraint(condition=Q(email=Lower(F("email"))), name="user_email_lower_case"),
        ]
        triggers = [immutable("public_id"), sessions_end_with_password()]

    def __str__(self) -> str:
        """The public identifier, so that logs contain no address."""
        return self.public_id


class Membership(models.Model):
    """The membership of a person in an organisation, until it ends.

    Invariants: one live membership per person and organisation; who belongs to the operator belongs to nobody else.
    Memberships that have ended stay on record.
    """

    public_id = IdentifierField(prefix="mbr")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    since = MomentField()
    ended_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"],
                condition=Q(ended_at__isnull=True),
                name="membership_live_once",
            ),
        ]
        triggers = [
            immutable("public_id", "user_id", "organisation_id", "since"),
            set_once("ended_at"),
            no_delete(),
            staff_apart(),
        ]


class RoleGrant(models.Model):
    """A role that a member holds, until it is revoked. ``granted_by``: the identifier of who granted it.

    Invariants: a member holds a role once; operator roles only at the operator, participant roles only elsewhere.
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
        ]
