"""Organisations on record."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import MomentField, TransactionIdField
from marketplace.kernel.guards import (
    append_only,
    dated_now,
    immutable,
    no_delete,
    own_transaction,
    state_guard,
)
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import Permission

from ..acting import acted_by_person
from ..guards import corporate_number_guard, neutral_organisations, reinstated_by_two, side_fixed
from ..payout_accounts import (
    ACCOUNT_NUMBER_PATTERN,
    BANK_CODE_PATTERN,
    BRANCH_CODE_PATTERN,
    HOLDER_LENGTH_MAX,
    HOLDER_PATTERN,
)
from ..states import HELD_ADMISSIONS, ORGANISATION, AccountType, OrganisationKind, OrganisationState

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
            side_fixed(),
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
            acted_by_person("reinstated_by", Permission.ADMISSION_WRITE, first="first_person"),
        ]
