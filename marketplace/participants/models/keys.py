"""The keys with which organisations sign by themselves."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import BoundedJSONField, MomentField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IdentifierField

from ..key_guards import key_of_organisation
from ..states import KeyRevocation
from .organisations import Organisation

KID = r"^[A-Za-z0-9_-]{43}$"
KEY_LABEL_LENGTH_MAX = 60


class OrganisationKey(models.Model):
    """A public key of an organisation, which proved that it holds the private one. The market never has a private key.

    ``kid`` is its thumbprint (RFC 7638); ``label`` says who or what signs with it. ``challenge`` is the market's own
    signature, over which ``proof`` was made with the key. ``replaces`` is the key that it replaced. What was signed before
    ``revoked_at`` stays valid. Invariants: a key belongs to one organisation for ever and was proved; an owner or signatory
    registers and revokes it; a revoked key stays revoked; keys are history and stay.
    """

    public_id = IdentifierField(prefix="key")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kid = models.CharField(max_length=43)
    public_jwk = BoundedJSONField()
    label = models.CharField(max_length=KEY_LABEL_LENGTH_MAX)
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, related_name="+", null=True)
    challenge = models.TextField()
    proof = models.TextField()
    registered_by = models.CharField(max_length=31)
    valid_from = MomentField()
    revoked_at = MomentField(null=True)
    revoked_by = models.CharField(max_length=31, null=True)
    revoked_why = models.CharField(max_length=11, choices=KeyRevocation.choices, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kid"], name="organisationkey_kid_once"),
            models.CheckConstraint(condition=Q(kid__regex=KID), name="organisationkey_kid"),
            models.CheckConstraint(condition=~Q(label=""), name="organisationkey_label"),
            models.CheckConstraint(
                condition=Q(registered_by__regex=PERSON_PATTERN)
                & (Q(revoked_by=None) | Q(revoked_by__regex=PERSON_PATTERN)),
                name="organisationkey_by_people",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None, revoked_why=None)
                | Q(
                    revoked_at__gte=F("valid_from"),
                    revoked_by__isnull=False,
                    revoked_why__isnull=False,
                    revoked_why__in=KeyRevocation.values,
                ),
                name="organisationkey_revoked_why",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "-id"], name="organisationkey_of")]
        triggers = [
            immutable(
                "public_id", "organisation_id", "kid", "public_jwk", "label", "replaces_id", "challenge", "proof",
                "registered_by", "valid_from",
            ),
            set_once("revoked_at", "revoked_by", "revoked_why"),
            set_now("revoked_at"),
            no_delete(),
            dated_now("valid_from"),
            key_of_organisation(),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
