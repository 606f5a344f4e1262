"""Organisations on record."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import (
    immutable,
    no_delete,
    state_guard,
)
from marketplace.kernel.identifiers import IdentifierField

from ..fact_guards import facts_change_with_history
from ..guards import corporate_number_guard, neutral_organisations, side_fixed
from ..organisation_facts import LENGTH_MAX, WHOLE_NUMBER, Fact
from ..relation_guards import affiliate_by_relation
from ..states import HELD_ADMISSIONS, ORGANISATION, OrganisationKind, OrganisationState
from ..suspension_guards import suspended_while_one_stands


class Organisation(models.Model):
    """A legal entity, or a natural person trading as one, that the market has on record.

    Invariants: a corporate number (法人番号, 426M60000040070 article 2) has a valid check digit and is unique; every
    Japanese organisation that is not an individual has one. There is one operator, which is never suspended. The
    operator and its affiliates have no admission (guarded here and on Admission). Organisations are suspended by their
    suspensions (``Suspension``), and never deleted. Kind, country and corporate number never change; other facts change by
    their own people, with history (``FactChange``). Its size (``capital_yen``, ``employees``, ``officers``) is a whole number in digits, or not stated.
    """

    public_id = IdentifierField(prefix="org")
    name_ja = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    name_kana = models.CharField(max_length=200, blank=True, default="", db_default="")
    kind = models.CharField(max_length=20, choices=OrganisationKind.choices)
    corporate_number = models.CharField(max_length=13, null=True)
    invoice_registration_number = models.CharField(max_length=14, null=True)
    country = models.CharField(max_length=2, default="JP")
    address = models.CharField(max_length=300)
    representative = models.CharField(max_length=100)
    contact_email = models.EmailField(blank=True, default="", db_default="")
    capital_yen = models.CharField(max_length=LENGTH_MAX[Fact.CAPITAL], blank=True, default="", db_default="")
    employees = models.CharField(max_length=LENGTH_MAX[Fact.EMPLOYEES], blank=True, default="", db_default="")
    officers = models.CharField(max_length=LENGTH_MAX[Fact.OFFICERS], blank=True, default="", db_default="")
    is_operator = models.BooleanField(default=False)
    operator_affiliate = models.BooleanField(default=False)
    state = models.CharField(
        max_length=10, choices=OrganisationState.choices, default=OrganisationState.ACTIVE
    )
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
                condition=(Q(capital_yen="") | Q(capital_yen__regex=WHOLE_NUMBER))
                & (Q(employees="") | Q(employees__regex=WHOLE_NUMBER))
                & (Q(officers="") | Q(officers__regex=WHOLE_NUMBER)),
                name="organisation_size",
            ),
            models.UniqueConstraint(
                fields=["is_operator"], condition=Q(is_operator=True), name="organisation_one_operator"
            ),
            models.CheckConstraint(
                condition=Q(is_operator=False) | Q(state="active"), name="organisation_operator_active"
            ),
        ]
        # Guards of trades look for the few affiliates of the operator.
        indexes = [
            models.Index(fields=["id"], name="organisation_affiliates", condition=Q(operator_affiliate=True))
        ]
        triggers = [
            state_guard(ORGANISATION),
            no_delete(),
            immutable("public_id", "corporate_number", "registered_at", "kind", "country"),
            facts_change_with_history(),
            corporate_number_guard(),
            neutral_organisations(HELD_ADMISSIONS),
            affiliate_by_relation(),
            suspended_while_one_stands(),
            side_fixed(),
        ]

    def __str__(self) -> str:
        """The Japanese name and the public identifier."""
        return f"{self.name_ja} ({self.public_id})"
