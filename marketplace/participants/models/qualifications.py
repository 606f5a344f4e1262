"""Qualifications of organisations as dated evidence, and the published list of their kinds."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import DayField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.kernel.texts import AMBIGUOUS

from ..acting import acted_by_person
from ..interest_guards import unrelated
from ..qualification_guards import qualification_moves_rightly, qualifications_few
from ..qualification_states import QUALIFICATION, STANDING, QualificationState
from .organisations import Organisation

ISSUER_LENGTH_MAX = 200
REFERENCE_LENGTH_MAX = 100
REASON_LENGTH_MAX = 500
_UNVERIFIED = Q(verified_by=None, verified_at=None)
_VERIFIED = Q(verified_by__regex=PERSON_PATTERN, verified_at__isnull=False)
_STANDS = Q(ended_by=None, ended_at=None, end_reason=None)
_ENDED_BY_PERSON = Q(ended_by__regex=PERSON_PATTERN, ended_at__isnull=False, end_reason__isnull=False) & ~Q(
    end_reason=""
)


class QualificationKind(models.Model):
    """A kind of qualification on the published list. Invariants: its code is there once; it never changes or leaves."""

    code = models.SlugField(max_length=40)
    name_ja = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100)
    opened_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], name="qualification_kind_once"),
            models.CheckConstraint(
                condition=~Q(name_ja="") & ~Q(name_en=""), name="qualification_kind_named"
            ),
        ]
        triggers = [immutable("code", "name_ja", "name_en", "opened_at"), no_delete()]

    def __str__(self) -> str:
        """The code."""
        return self.code


class Qualification(models.Model):
    """An organisation holds a qualification of a kind from an issuer, for days, as a document proves.

    A person of the organisation states it, with the SHA-256 of the document that it keeps ready; a person of the operator
    verifies it. Rules read it while it is verified and today is one of its days: ``valid_from`` to ``valid_until``, both
    included, without an end if there is none. ``reminded_at``: when the organisation was told that it ends soon. Evidence
    commits to ``issuer`` and ``reference``, and to ``end_reason``, with ``salt``.

    Invariants: stated and withdrawn by people of the organisation; verified, while valid, refused and revoked by people of the
    operator without an interest in it; expired only after its last day; the same one stands once; so many of an
    organisation at most (``bounds``). Nothing else of it changes,
    and rows are never deleted.
    """

    public_id = IdentifierField(prefix="qlf")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.ForeignKey(QualificationKind, on_delete=models.PROTECT, related_name="+")
    issuer = models.CharField(max_length=ISSUER_LENGTH_MAX)
    reference = models.CharField(max_length=REFERENCE_LENGTH_MAX)
    valid_from = DayField()
    valid_until = DayField(null=True)
    document_sha256 = models.CharField(max_length=64)
    state = models.CharField(
        max_length=10, choices=QualificationState.choices, default=QualificationState.STATED
    )
    stated_by = models.CharField(max_length=60)
    stated_at = MomentField()
    verified_by = models.CharField(max_length=60, null=True)
    verified_at = MomentField(null=True)
    reminded_at = MomentField(null=True)
    ended_by = models.CharField(max_length=60, null=True)
    ended_at = MomentField(null=True)
    end_reason = models.CharField(max_length=REASON_LENGTH_MAX, null=True)
    salt = SaltField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "issuer", "reference"],
                condition=Q(state__in=STANDING),
                name="qualification_stands_once",
            ),
            models.CheckConstraint(
                condition=~Q(issuer="")
                & ~Q(reference="")
                & ~Q(issuer__regex=AMBIGUOUS)
                & ~Q(reference__regex=AMBIGUOUS)
                & Q(document_sha256__regex=r"^[0-9a-f]{64}$")
                & (Q(valid_until=None) | Q(valid_until__gte=F("valid_from"))),
                name="qualification_of_what",
            ),
            models.CheckConstraint(
                condition=(Q(state="stated") & _UNVERIFIED & _STANDS)
                | (Q(state="verified") & _VERIFIED & _STANDS)
                | (Q(state="refused") & _UNVERIFIED & _ENDED_BY_PERSON)
                | (Q(state="revoked") & _VERIFIED & _ENDED_BY_PERSON)
                | (Q(state="withdrawn") & (_UNVERIFIED | _VERIFIED) & _ENDED_BY_PERSON)
                | (Q(state="expired", ended_by=None, end_reason=None, ended_at__isnull=False) & (_UNVERIFIED | _VERIFIED)),
                name="qualification_ended_when",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index("valid_until", name="qualification_ending", condition=Q(state__in=STANDING)),
            models.Index(fields=["organisation", "-id"], name="qualification_of"),
        ]
        triggers = [
            state_guard(QUALIFICATION),
            no_delete(),
            immutable("public_id", "organisation_id", "kind_id", "issuer", "reference", "valid_from", "valid_until",
                      "document_sha256", "stated_by", "stated_at", "salt", "recorded_at"),
            set_once("verified_by", "verified_at", "reminded_at", "ended_by", "ended_at", "end_reason"),
            dated_now("stated_at", real=["recorded_at"]),
            set_now("verified_at", "reminded_at", "ended_at"),
            qualification_moves_rightly(),
            qualifications_few(),
            acted_by_person("verified_by", Permission.ADMISSION_WRITE, name="verified_by_staff"),
            acted_by_person(
                "ended_by", Permission.ADMISSION_WRITE, watched=("state",), name="ended_by_staff",
                when="NEW.state IN ('refused', 'revoked') AND OLD.state IS DISTINCT FROM NEW.state",
            ),
            unrelated("verified_by", "ended_by"),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
