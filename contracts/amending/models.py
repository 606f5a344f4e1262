"""The versions of an agreement after the one that concluded it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from marketplace.kernel.columns import BoundedJSONField, DayField, MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField

from ..guards import concluded_as_decided
from . import guards
from .states import VersionKind

if TYPE_CHECKING:
    from ..models import Instrument
    from ..renewing.models import RenewalDocument


class AgreementVersion(models.Model):
    """The next version of an agreement: what both parties signed of it, or the market by the clause that both had signed, in force from the beginning of ``effective_on`` in Japan.

    ``from_charge``: the first charge that follows it; those before fell due earlier and stay. ``ends_at``: the end of the agreement by this
    version, with the access that was given back before; null without a term. ``classes``: how rights, price and term compare with the version before.

    Invariants: versions are 2, 3, 4, … and take effect in that order, today or later, while the agreement is in force and no end of it is
    scheduled; both parties signed one instrument, or the market what it renewed, which names the version that it replaces; no charge that is due changes; append-only.
    """

    public_id = IdentifierField(prefix="ver")
    agreement = models.ForeignKey("contracts.Agreement", on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=VersionKind.choices)
    negotiation = models.OneToOneField(
        "contracts.Negotiation", on_delete=models.PROTECT, related_name="version", null=True
    )
    instrument = models.OneToOneField(
        "contracts.Instrument", on_delete=models.PROTECT, related_name="+", null=True
    )
    renewal = models.OneToOneField(
        "contracts.RenewalDocument", on_delete=models.PROTECT, related_name="+", null=True
    )
    signed_hash = models.CharField(max_length=64)
    effective_on = DayField()
    effective_at = MomentField()
    from_charge = models.PositiveIntegerField()
    ends_at = MomentField(null=True)
    classes = BoundedJSONField()
    decision = models.CharField(max_length=IDENTIFIER_LENGTH)
    made_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="version_once"),
            models.CheckConstraint(
                condition=Q(number__gte=2, from_charge__gte=2, kind__in=VersionKind.values),
                name="version_follows",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind=VersionKind.AMENDED,
                    negotiation__isnull=False,
                    instrument__isnull=False,
                    renewal=None,
                )
                | Q(kind=VersionKind.RENEWED, negotiation=None, instrument=None, renewal__isnull=False),
                name="version_made_by",
            ),
        ]
        triggers = [
            append_only(),
            dated_now("made_at", stated=["effective_at", "ends_at"]),
            guards.version_as_signed(),
            guards.moves_end(),
            guards.version_whole(),
            concluded_as_decided(),
        ]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id

    @property
    def document(self) -> Instrument | RenewalDocument:
        """What was signed: by both parties, or of a renewal by the market."""
        document = self.instrument or self.renewal
        assert document is not None  # noqa: S101  version_made_by
        return document

    @cached_property
    def said(self) -> dict[str, Any]:
        """The signed content as JSON."""
        said: dict[str, Any] = json.loads(self.document.content)
        return said
