"""Organisations, the people who act for them, segments, admissions, and machine access."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from oauth2_provider.models import AbstractApplication

from marketplace.kernel.actors import PERSON_PATTERN, PERSON_PREFIX
from marketplace.kernel.columns import BoundedJSONField, MomentField, TransactionIdField
from marketplace.kernel.guards import (
    append_only,
    dated_now,
    immutable,
    no_delete,
    own_transaction,
    state_guard,
)
from marketplace.kernel.identifiers import IdentifierField

from .guards import (
    corporate_number_guard,
    neutral_admissions,
    neutral_organisations,
    reinstated_by_two,
)
from .payout_accounts import (
    ACCOUNT_NUMBER_PATTERN,
    BANK_CODE_PATTERN,
    BRANCH_CODE_PATTERN,
    HOLDER_LENGTH_MAX,
    HOLDER_PATTERN,
)
from .states import (
    ADMISSION,
    HELD_ADMISSIONS,
    ORGANISATION,
    AccountType,
    AdmissionState,
    Capacity,
    MemberRole,
    OrganisationKind,
    OrganisationState,
)

LANGUAGES = (("ja", "日本語"), ("en", "English"))

NO_PAYOUT_ACCOUNT = Q(
    bank_code="", branch_code="", account_type="", account_number="", account_holder_kana=""
)


class Organisation(models.Model):
    """A legal entity, or a natural person trading as one, that the market has on record.

    Invariants: a corporate number (法人番号, 426M60000040070 article 2) has a valid check digit and is unique; every
    Japanese organisation that is not an individual has one. A payout account is complete or absent. There is one
    operator, which is never suspended. The operator and its affiliates have no admission (guarded here and on
    Admission). Organisations are suspended by their state, and never deleted.
    """

    public_id = IdentifierField(prefix="org")
    name_ja = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=OrganisationKind.choices)
    corporate_number = models.CharField(max_length=13, null=True)
    invoice_registration_number = models.CharField(max_length=14, null=True)
    country = models.CharField(max_length=2, default="JP")
    address = models.CharField(max_length=300)
    representative = models.CharField(max_length=100)
    is_operator = models.BooleanField(default=False)
    operator_affiliate = models.BooleanField(default=False)
    state = models.CharField(
        max_length=10, choices=OrganisationState.choices, default=OrganisationState.ACTIVE
    )
    suspension_reason_code = models.CharField(max_length=40, blank=True, default="")
    suspension_reason = models.TextField(blank=True, default="")
    bank_code = models.CharField(max_length=4, blank=True, default="")
    branch_code = models.CharField(max_length=3, blank=True, default="")
    account_type = models.CharField(max_length=10, choices=AccountType.choices, blank=True, default="")
    account_number = models.CharField(max_length=7, blank=True, default="")
    account_holder_kana = models.CharField(max_length=HOLDER_LENGTH_MAX, blank=True, default="")
    registered_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["corporate_number"], name="organisation_number_once"),
            models.UniqueConstraint(
                fields=["invoice_registration_number"], name="organisation_invoice_number_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="individual") | ~Q(country="JP") | Q(corporate_number__isnull=False),
                name="organisation_number_given",
            ),
            models.CheckConstraint(
                condition=Q(invoice_registration_number__isnull=True)
                | Q(invoice_registration_number__regex=r"^T[0-9]{13}$"),
                name="organisation_invoice_number",
            ),
            models.CheckConstraint(condition=Q(country__regex=r"^[A-Z]{2}$"), name="organisation_country"),
            models.CheckConstraint(condition=Q(kind__in=OrganisationKind.values), name="organisation_kind"),
            models.CheckConstraint(
                condition=NO_PAYOUT_ACCOUNT
                | Q(
                    bank_code__regex=BANK_CODE_PATTERN,
                    branch_code__regex=BRANCH_CODE_PATTERN,
                    account_type__in=AccountType.values,
                    account_number__regex=ACCOUNT_NUMBER_PATTERN,
                    account_holder_kana__regex=HOLDER_PATTERN,
                ),
                name="organisation_payout_account",
            ),
            models.UniqueConstraint(
                fields=["is_operator"], condition=Q(is_operator=True), name="organisation_one_operator"
            ),
            models.CheckConstraint(
                condition=Q(is_operator=False) | Q(state="active"), name="organisation_operator_active"
            ),
            models.CheckConstraint(
                condition=Q(state="suspended") ^ Q(suspension_reason_code=""),
                name="organisation_suspension_reason",
            ),
        ]
        triggers = [
            state_guard(ORGANISATION),
            no_delete(),
            immutable("public_id", "corporate_number", "registered_at"),
            corporate_number_guard(),
            neutral_organisations(HELD_ADMISSIONS),
            reinstated_by_two(),
        ]

    def __str__(self) -> str:
        """The Japanese name and the public identifier."""
        return f"{self.name_ja} ({self.public_id})"


class Reinstatement(models.Model):
    """The suspension of an organisation was ended by two people of the operator.

    ``first_person`` gave the command first, ``reinstated_by`` is another. ``transaction`` is that of the reinstatement.
    Invariants: no organisation is reinstated without one, in the same transaction. Append-only.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    first_person = models.CharField(max_length=60)
    reinstated_by = models.CharField(max_length=60)
    reinstated_at = MomentField()
    transaction = TransactionIdField(db_default=models.Func(function="pg_current_xact_id"))
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reinstated_by__regex=PERSON_PATTERN)
                & ~Q(first_person="")
                & ~Q(first_person=F("reinstated_by")),
                name="reinstatement_two_people",
            ),
        ]
        triggers = [
            append_only(),
            dated_now("reinstated_at", real=["recorded_at"]),
            own_transaction(),
        ]


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
        triggers = [immutable("public_id")]

    def __str__(self) -> str:
        """The public identifier, so that logs contain no address."""
        return self.public_id


class Membership(models.Model):
    """The membership of a person in an organisation. Invariant: a person acts for one organisation only."""

    public_id = IdentifierField(prefix="mbr")
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=12, choices=MemberRole.choices)
    since = MomentField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=MemberRole.values), name="membership_role"),
        ]
        triggers = [immutable("public_id", "user_id", "organisation_id")]


class Segment(models.Model):
    """A market segment to which participants are admitted. Its code never changes."""

    code = models.SlugField(max_length=40)
    name_ja = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100)
    opened_at = MomentField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code"], name="segment_code_once")]
        triggers = [immutable("code", "opened_at"), no_delete()]

    def __str__(self) -> str:
        """The code."""
        return self.code


class Admission(models.Model):
    """An organisation's application to sell or buy in a segment, and its outcome.

    ``decision`` is the public identifier of the latest decision of the rules, ``reason`` the reason that the operator's
    person gave. Invariants: one admission per organisation, segment and capacity; the application and its declarations
    never change; the operator and its affiliates have none.
    """

    public_id = IdentifierField(prefix="adm")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="+")
    capacity = models.CharField(max_length=10, choices=Capacity.choices)
    state = models.CharField(max_length=10, choices=AdmissionState.choices, default=AdmissionState.APPLIED)
    declarations = BoundedJSONField()
    decision = models.CharField(max_length=31, null=True)
    reason = models.TextField(blank=True, default="")
    applied_at = MomentField()
    decided_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "segment", "capacity"],
                condition=Q(state__in=HELD_ADMISSIONS),
                name="admission_held_once",
            ),
            models.CheckConstraint(condition=Q(capacity__in=Capacity.values), name="admission_capacity"),
            models.CheckConstraint(
                condition=Q(state="withdrawn")
                | Q(state="applied", decided_at__isnull=True)
                | (Q(state__in=("admitted", "refused", "on_hold")) & Q(decided_at__isnull=False)),
                name="admission_decided_when",
            ),
        ]
        triggers = [
            state_guard(ADMISSION),
            no_delete(),
            immutable("public_id", "organisation_id", "segment_id", "capacity", "declarations", "applied_at"),
            neutral_admissions(HELD_ADMISSIONS),
        ]


class Application(AbstractApplication):
    """A program that acts for an organisation over the API, by OAuth 2 client credentials.

    Without an organisation it acts only for the person who signs in through it. ``issued_secret`` is the secret in
    clear text, set on the object that creates the row and never stored.
    """

    public_id = IdentifierField(prefix="app")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    issued_secret: str | None = None

    class Meta(AbstractApplication.Meta):
        swappable = "OAUTH2_PROVIDER_APPLICATION_MODEL"
        triggers = [immutable("public_id", "organisation_id")]
