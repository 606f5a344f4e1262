"""Pools: their versions, the exact shares of each, and who signed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import BoundedJSONField, DayField, MomentField
from marketplace.kernel.guards import (
    append_only,
    dated_now,
    immutable,
    no_delete,
    set_now,
    set_once,
    state_guard,
)
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField

from . import guards
from .states import DENOMINATOR_MAX, VERSION, Cause, VersionState

ACTOR_LENGTH_MAX = 60


class Pool(models.Model):
    """The data of a lead seller and of members behind one listing of the lead.

    Invariants: one pool a listing, opened by its seller, which is neither the operator nor an affiliate; append-only.
    """

    public_id = IdentifierField(prefix="pol")
    listing = models.CharField(max_length=IDENTIFIER_LENGTH, unique=True)
    lead = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    lead_identifier = models.CharField(max_length=IDENTIFIER_LENGTH)
    opened_by = models.CharField(max_length=ACTOR_LENGTH_MAX)
    opened_at = MomentField()

    class Meta:
        triggers = [append_only(), dated_now("opened_at"), guards.led_by_seller()]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class PoolVersion(models.Model):
    """A version of a pool's agreement: the members with their shares, in force from ``effective_on`` until the next.

    ``content`` is what each signs (``content.compose``), ``content_hash`` its SHA-256; shares are fractions of ``denominator``.
    Invariants: versions are 1, 2, 3, …; one is proposed at a time; each begins later than today and than the signed one before; it is
    signed once all who must have signed its hash; shares sum to exactly 1; what was signed never changes; rows are never deleted.
    """

    public_id = IdentifierField(prefix="plv")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    cause = models.CharField(max_length=10, choices=Cause.choices)
    effective_on = DayField()
    lead_decides = models.BooleanField()
    denominator = models.PositiveBigIntegerField()
    content = BoundedJSONField()
    content_hash = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=10, choices=VersionState.choices, default=VersionState.PROPOSED)
    proposed_by = models.CharField(max_length=ACTOR_LENGTH_MAX)
    proposed_at = MomentField()
    closed_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pool", "number"], name="pool_version_number_once"),
            models.UniqueConstraint(
                fields=["pool"], condition=Q(state=VersionState.PROPOSED), name="pool_version_one_proposed"
            ),
            models.CheckConstraint(
                condition=Q(
                    cause__in=Cause.values,
                    number__gte=1,
                    denominator__gte=1,
                    denominator__lte=DENOMINATOR_MAX,
                )
                & (Q(state=VersionState.PROPOSED) ^ Q(closed_at__isnull=False)),
                name="pool_version_stated",
            ),
        ]
        indexes = [
            models.Index(
                "effective_on", name="pool_version_lapsing", condition=Q(state=VersionState.PROPOSED)
            ),
        ]
        triggers = [
            state_guard(VERSION),
            no_delete(),
            immutable(
                "public_id", "pool_id", "number", "cause", "effective_on", "lead_decides", "denominator", "content",
                "content_hash", "proposed_by", "proposed_at",
            ),
            set_once("closed_at"),
            set_now("closed_at"),
            dated_now("proposed_at", past=["closed_at"]),
            guards.version_in_turn(),
            guards.signed_by_all(),
            guards.shares_whole(),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class PoolShare(models.Model):
    """The share of one member of a version: ``numerator`` of the version's ``denominator``.

    Invariants: a member once a version; no operator or affiliate; who joins is active and admitted; inserted with its version, append-only.
    """

    version = models.ForeignKey(PoolVersion, on_delete=models.PROTECT, related_name="shares")
    organisation = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    organisation_identifier = models.CharField(max_length=IDENTIFIER_LENGTH)
    numerator = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "organisation"], name="pool_share_once"),
            models.CheckConstraint(condition=Q(numerator__gte=1), name="pool_share_positive"),
        ]
        triggers = [append_only(), guards.independent_member(), guards.shares_whole("NEW.version_id")]

    def __str__(self) -> str:
        """The member's identifier."""
        return self.organisation_identifier


class PoolSignature(models.Model):
    """The signature of a version for one organisation: the market signs as a witness on the instruction of its signatory.

    ``jws`` is over ``content.claims``. Invariants: an organisation signs once, and a person for one organisation, a version that is proposed, its hash, by a signatory
    with a fresh proof; append-only.
    """

    public_id = IdentifierField(prefix="pls")
    version = models.ForeignKey(PoolVersion, on_delete=models.PROTECT, related_name="signatures")
    organisation = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    organisation_identifier = models.CharField(max_length=IDENTIFIER_LENGTH)
    signer = models.CharField(max_length=ACTOR_LENGTH_MAX)
    signed_hash = models.CharField(max_length=64)
    jws = models.TextField()
    signed_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "organisation"], name="pool_signature_once"),
            models.UniqueConstraint(fields=["version", "signer"], name="pool_signer_once"),
            models.CheckConstraint(condition=Q(signer__regex=PERSON_PATTERN), name="pool_signed_by_person"),
        ]
        triggers = [append_only(), dated_now("signed_at"), guards.signed_by_signatory()]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
