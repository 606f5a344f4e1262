"""The renewals of agreements: what each version states of its own, and what the market signed of those that came."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils.functional import cached_property

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import (
    append_only,
    dated_now,
    immutable,
    no_delete,
    set_now,
    set_once,
    state_guard,
)
from marketplace.kernel.identifiers import IdentifierField

from . import guards
from .states import RENEWAL, DropReason, RenewalKind, RenewalState

KINDS = (RenewalKind.AUTOMATIC.value, RenewalKind.BY_AGREEMENT.value)
PARTIES = ("buyer", "seller")


class Renewal(models.Model):
    """The renewal that a ``version`` of an agreement states, and what became of it.

    ``turn``: its number among the renewals of the agreement. ``notice_by``: a party refuses it before; from then on it is made, or it
    comes to nothing (``reason_code``). ``reminded_at``: when both were told. ``refused_party``, ``refused_by``: which party, and its person.

    Invariants: one of a version, one standing of an agreement, only while that is in force, as the version states it; a signatory of a party
    refuses it, before ``notice_by``; after a refusal none stands unless both signed another; it is renewed by a version, from ``notice_by`` on.
    """

    public_id = IdentifierField(prefix="rnw")
    agreement = models.ForeignKey("contracts.Agreement", on_delete=models.PROTECT, related_name="renewals")
    version = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=RenewalKind.choices)
    turn = models.PositiveSmallIntegerField()
    notice_by = MomentField()
    state = models.CharField(max_length=10, choices=RenewalState.choices, default=RenewalState.STANDING)
    reminded_at = MomentField(null=True)
    refused_party = models.CharField(max_length=6, blank=True, default="")
    refused_by = models.CharField(max_length=60, blank=True, default="")
    reason_code = models.CharField(max_length=20, blank=True, default="")
    closed_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "version"], name="renewal_once"),
            models.UniqueConstraint(
                fields=["agreement"], condition=Q(state=RenewalState.STANDING), name="renewal_one_standing"
            ),
            models.CheckConstraint(condition=Q(kind__in=KINDS, turn__gte=1), name="renewal_stated"),
            models.CheckConstraint(
                condition=Q(state=RenewalState.STANDING) ^ Q(closed_at__isnull=False), name="renewal_closed_when"
            ),
            models.CheckConstraint(
                condition=Q(state=RenewalState.REFUSED, refused_party__in=PARTIES, refused_by__regex=PERSON_PATTERN)
                | ~Q(state=RenewalState.REFUSED) & Q(refused_party="", refused_by=""),
                name="renewal_refused_by_party",
            ),
            models.CheckConstraint(
                condition=Q(state=RenewalState.DROPPED, reason_code__in=DropReason.values)
                | ~Q(state=RenewalState.DROPPED) & Q(reason_code=""),
                name="renewal_dropped_why",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(RenewalState.REFUSED, RenewalState.RENEWED))
                | Q(kind=RenewalKind.AUTOMATIC),
                name="renewal_automatic",
            ),
            models.CheckConstraint(
                condition=~Q(state=RenewalState.RENEWED) | Q(closed_at__gte=F("notice_by")),
                name="renewal_after_its_notice",
            ),
        ]  # fmt: skip
        indexes = [models.Index("notice_by", name="renewal_due", condition=Q(state=RenewalState.STANDING))]
        triggers = [
            state_guard(RENEWAL),
            no_delete(),
            immutable("public_id", "agreement_id", "version", "kind", "turn", "notice_by"),
            set_once("reminded_at", "closed_at"),
            set_now("reminded_at", "closed_at"),
            guards.renewal_as_signed(),
        ]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class RenewalDocument(models.Model):
    """What the market signed of a renewal: the whole next version in the form of an instrument, and ``jws`` over ``claims.renewal_claims``.

    Invariants: the hashes are those of what stands in it, and its plan carries out its terms; one of a renewal; append-only.
    """

    public_id = IdentifierField(prefix="rnd")
    renewal = models.OneToOneField(Renewal, on_delete=models.PROTECT, related_name="document")
    content = models.TextField()
    text_ja = models.TextField()
    text_en = models.TextField()
    signed_hash = models.CharField(max_length=64, unique=True)
    jws = models.TextField()
    drawn_at = MomentField()

    class Meta:
        triggers = [append_only(), dated_now("drawn_at"), guards.document_whole(), guards.document_planned()]

    def __str__(self) -> str:
        """The signed hash."""
        return self.signed_hash

    @cached_property
    def said(self) -> dict[str, Any]:
        """The content as JSON."""
        said: dict[str, Any] = json.loads(self.content)
        return said

    @property
    def signatures(self) -> QuerySet[Any]:
        """The signatures of the parties: none, because they signed the clause."""
        return self.renewal.agreement.instrument.signatures.none()
