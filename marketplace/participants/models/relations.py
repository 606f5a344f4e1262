"""Relations between organisations, declared by themselves or found by the operator, with history."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.columns import DayField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import Permission

from ..acting import ENDED_BY_TWO, acted_by_person
from ..interest_guards import unrelated
from ..relation_guards import related_to_operator, relation_stated_rightly
from ..relation_kinds import RelationKind, RelationSource
from .organisations import Organisation

DOCUMENT_LENGTH_MAX = 200
_DECIDE = ("stated_by", "first_person", "ended_by", "end_first_person")


class OrganisationRelation(models.Model):
    """One organisation is related to another, since a day, as a document proves; rules read it as a fact of both.

    Declared by a person of ``organisation`` that may change its facts, or found by the operator's people, in the registry for
    instance. ``document`` cites what proves it, ``document_sha256`` is that of its copy (empty without one). It stands until two
    people of the operator end it.

    ``first_person`` gave the command first where the operator states a relation to itself, which bars the organisation.

    Invariants: of two organisations; one to the operator that the operator found was stated by two of its people, with
    evidence; stated by a person of the one or of the operator; a relation to the operator makes an affiliate, which never
    trades; nothing of it changes but that it ends, by two; who states or ends it for the operator has declared an interest in
    neither organisation. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="orl")
    salt = SaltField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    related = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=RelationKind.choices)
    source = models.CharField(max_length=8, choices=RelationSource.choices)
    document = models.CharField(max_length=DOCUMENT_LENGTH_MAX)
    document_sha256 = models.CharField(max_length=64, blank=True, default="")
    since = DayField()
    first_person = models.CharField(max_length=60, blank=True, default="")
    stated_by = models.CharField(max_length=60)
    stated_at = MomentField()
    ended_at = MomentField(null=True)
    ended_by = models.CharField(max_length=60, null=True)
    end_first_person = models.CharField(max_length=60, null=True)
    end_reason = models.CharField(max_length=500, null=True)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "related", "kind"],
                condition=Q(ended_at=None),
                name="relation_stated_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=RelationKind.values, source__in=RelationSource.values)
                & ~Q(organisation=F("related"))
                & ~Q(document="")
                & (Q(document_sha256="") | Q(document_sha256__regex=r"^[0-9a-f]{64}$")),
                name="relation_of_two",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None, end_first_person=None, end_reason=None)
                | ENDED_BY_TWO,
                name="relation_ended_by_two",
            ),
        ]
        indexes = [models.Index("related", name="relation_to", condition=Q(ended_at=None))]
        triggers = [
            relation_stated_rightly(),
            related_to_operator(),
            immutable("public_id", "organisation_id", "related_id", "kind", "source", "salt", "document", "document_sha256", "since",
                      "first_person", "stated_by", "stated_at", "recorded_at"),
            set_once("ended_at", "ended_by", "end_first_person", "end_reason"),
            no_delete(),
            dated_now("stated_at", real=["recorded_at"]),
            set_now("ended_at"),
            acted_by_person("ended_by", Permission.ADMISSION_WRITE, first="end_first_person", name="ended_by_staff"),
            unrelated(*_DECIDE),
            unrelated(*_DECIDE, organisation="related_id", name="related_recused"),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
