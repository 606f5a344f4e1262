"""Mandates: within which limits a program signs for its organisation."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import DaysField, MinorField, MomentField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField

from . import guards as mandate_guards
from .authority_guards import mandate_with_authority

MANDATE_VALID = timedelta(days=365)
"""Business time after which a mandate has ended, at most."""
TOTAL_DAYS_MAX = 366
LISTED_MAX = 100
"""Templates, and counterparties, that one mandate names."""


class Mandate(models.Model):
    """What a program may sign for its organisation with the organisation's ``key``, as a signatory stated and signed it.

    ``templates``: codes of contract templates. ``counterparties``: public identifiers of organisations; any, if there are none.
    ``price_max_minor`` bounds each contract, ``total_max_minor`` all of ``total_days`` days together, in ``currency`` and
    without tax. ``jws`` is the market's signature as a witness over all of it (``mandate_object.claims``), and
    ``signed_hash`` the SHA-256 of what it is over.

    Invariants: a signatory signs it; program and key are of the same organisation; it is good for a year at most, until it is
    revoked, or until its signer is no signatory any more; it never changes; it is within the
    limits of authority of its signer; what was signed within it stays valid.
    """

    public_id = IdentifierField(prefix="mdt")
    organisation = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    organisation_identifier = models.CharField(max_length=IDENTIFIER_LENGTH)
    program = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    program_identifier = models.CharField(max_length=IDENTIFIER_LENGTH)
    key = models.ForeignKey("participants.OrganisationKey", on_delete=models.PROTECT, related_name="+")
    templates = ArrayField(models.CharField(max_length=60))
    counterparties = ArrayField(models.CharField(max_length=IDENTIFIER_LENGTH), default=list)
    currency = models.CharField(max_length=3)
    price_max_minor = MinorField()
    total_max_minor = MinorField()
    total_days = DaysField()
    signed_by = models.CharField(max_length=IDENTIFIER_LENGTH)
    signed_at = MomentField()
    expires_at = MomentField()
    signed_hash = models.CharField(max_length=64)
    jws = models.TextField()
    revoked_at = MomentField(null=True)
    revoked_by = models.CharField(max_length=IDENTIFIER_LENGTH, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(templates__len__gt=0, templates__len__lte=LISTED_MAX)
                & Q(counterparties__len__lte=LISTED_MAX),
                name="mandate_named",
            ),
            models.CheckConstraint(
                condition=Q(price_max_minor__gt=0, total_max_minor__gte=F("price_max_minor"))
                & Q(total_days__gte=1, total_days__lte=TOTAL_DAYS_MAX),
                name="mandate_limits",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("signed_at"), expires_at__lte=F("signed_at") + MANDATE_VALID),
                name="mandate_a_year",
            ),
            models.CheckConstraint(
                condition=Q(signed_by__regex=PERSON_PATTERN)
                & (
                    Q(revoked_at=None, revoked_by=None)
                    | Q(revoked_at__gte=F("signed_at"), revoked_by__isnull=False)
                ),
                name="mandate_by_people",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-id"], name="mandate_of"),
            models.Index(fields=["program", "-id"], name="mandate_of_program"),
        ]
        triggers = [
            immutable(
                "public_id", "organisation_id", "organisation_identifier", "program_id", "program_identifier", "key_id",
                "templates", "counterparties", "currency", "price_max_minor", "total_max_minor", "total_days",
                "signed_by", "signed_at", "expires_at", "signed_hash", "jws",
            ),
            set_once("revoked_at", "revoked_by"),
            set_now("revoked_at"),
            no_delete(),
            dated_now("signed_at", stated=("expires_at",)),
            mandate_guards.mandate_signed(),
            mandate_with_authority(),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
