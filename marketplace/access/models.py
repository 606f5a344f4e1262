"""Accesses of the operator's staff, what was read under each, and by whom a notice was deferred."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import append_only, dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person
from marketplace.participants.interest_guards import unrelated

from .guards import deferred_unrelated, defers_untold, opened_on_participant, within_access
from .states import DEFERRED_DAYS_MAX, HOURS_MAX, AccessGround, AccessKind

CONTENT = (
    "public_id", "person", "organisation_id", "organisation_identifier", "kind", "ground", "reason", "reference",
    "opened_at", "expires_at", "approved_by", "deferred_until", "salt", "commitment", "recorded_at",
)  # fmt: skip
"""What never changes of an access."""
REASON_LENGTH_MAX = 1_000
REFERENCE_LENGTH_MAX = 200
_AT_ONCE = Q(approved_by="", deferred_until=None, told_at__isnull=False, told_at=F("opened_at"))
_DEFERRED = (
    Q(approved_by__regex=PERSON_PATTERN, ground=AccessGround.LAW, deferred_until__isnull=False)
    & ~Q(approved_by=F("person"))
    & Q(deferred_until__gt=F("opened_at"))
    & Q(deferred_until__lte=F("opened_at") + timedelta(days=DEFERRED_DAYS_MAX))
)


class StaffAccess(models.Model):
    """A person of the operator opened one kind of affairs of a participant, with a reason, for hours.

    ``reference`` names the dispute, the support case or the authority's document. The participant is told at once, at
    ``told_at``; or, on a ground of law and with a second person (``approved_by``), by the review date: ``deferred_until``, or
    the latest of its deferrals. Until then evidence holds ``commitment`` alone, the SHA-256 over the content and ``salt``.

    Invariants: the person and the second are people of the operator who may open an access, two of them, neither with an
    interest in the participant; it lasts at most
    ``HOURS_MAX``; nothing of it changes but that it ends and is told, each once; the commitment is over the content. Rows are
    never deleted.
    """

    public_id = IdentifierField(prefix="sac")
    person = models.CharField(max_length=60)
    organisation = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    organisation_identifier = models.CharField(max_length=IDENTIFIER_LENGTH)
    kind = models.CharField(max_length=10, choices=AccessKind.choices)
    ground = models.CharField(max_length=10, choices=AccessGround.choices)
    reason = models.CharField(max_length=REASON_LENGTH_MAX)
    reference = models.CharField(max_length=REFERENCE_LENGTH_MAX)
    opened_at = MomentField()
    expires_at = MomentField()
    ended_at = MomentField(null=True)
    ended_by = models.CharField(max_length=60, null=True)
    approved_by = models.CharField(max_length=60, blank=True, default="")
    deferred_until = MomentField(null=True)
    told_at = MomentField(null=True)
    salt = models.CharField(max_length=64)
    commitment = models.CharField(max_length=64)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=AccessKind.values, ground__in=AccessGround.values)
                & ~Q(reason="")
                & ~Q(reference=""),
                name="access_reason",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("opened_at"))
                & Q(expires_at__lte=F("opened_at") + timedelta(hours=HOURS_MAX)),
                name="access_hours",
            ),
            models.CheckConstraint(condition=_AT_ONCE | _DEFERRED, name="access_told"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None)
                | Q(ended_at__isnull=False, ended_at__lte=F("expires_at"), ended_by__isnull=False),
                name="access_ended_when",
            ),
            models.CheckConstraint(
                condition=Q(commitment__regex=r"^[0-9a-f]{64}$", salt__regex=r"^[0-9a-f]{64}$"),
                name="access_commitment",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "expires_at"], name="access_live", condition=Q(ended_at=None)),
            models.Index(fields=["organisation", "-id"], name="access_of_organisation"),
            models.Index("deferred_until", name="access_untold", condition=Q(told_at=None)),
        ]
        triggers = [
            opened_on_participant(),
            immutable(*CONTENT),
            set_once("ended_at", "ended_by", "told_at"),
            no_delete(),
            dated_now("opened_at", real=["recorded_at"], stated=["expires_at", "deferred_until", "told_at"]),
            set_now("ended_at", "told_at"),
            acted_by_person(
                "person", Permission.ACCESS_OPEN, when="NEW.approved_by = ''", name="opened_by_staff"
            ),
            acted_by_person("approved_by", Permission.ACCESS_OPEN, first="person", name="deferred_by_two"),
            unrelated("person", "approved_by"),
            acted_by_person(
                "ended_by",
                Permission.ACCESS_OPEN,
                when="NEW.ended_by IS NOT NULL AND OLD.ended_by IS NULL",
                name="ended_by_staff",
            ),
        ]

    def __str__(self) -> str:
        """What is opened, and its identifier."""
        return f"{self.kind} ({self.public_id})"

    @property
    def content(self) -> dict[str, Any]:
        """What the commitment is over."""
        return {
            "access": self.public_id,
            "person": self.person,
            "organisation": self.organisation_identifier,
            "kind": self.kind,
            "ground": self.ground,
            "reason": self.reason,
            "reference": self.reference,
            "opened_at": _utc(self.opened_at),
            "expires_at": _utc(self.expires_at),
            "approved_by": self.approved_by,
            "deferred_until": _utc(self.deferred_until) if self.deferred_until else None,
            "salt": self.salt,
        }

    def digest_of_content(self) -> str:
        """The SHA-256 over the content."""
        return digest_of(self.content)

    def digest_of_subject(self, subject: str) -> str:
        """The salted SHA-256 of what was read, which says nothing without the salt."""
        return digest_of({"salt": self.salt, "subject": subject})

    def review_at(self) -> datetime | None:
        """The moment at which the participant is told, unless two people defer it again; None if it was never deferred."""
        if self.deferred_until is None:
            return None
        return max([self.deferred_until, *(row.until for row in self.deferrals.all())])


class AccessDeferral(models.Model):
    """Two people deferred the notice of an access again, with a reason, to a later review date. Append-only.

    Invariants: two people of the operator with no interest in the participant, who was not told; made before the review date passed; at most
    ``DEFERRED_DAYS_MAX`` each.
    """

    access = models.ForeignKey(StaffAccess, on_delete=models.PROTECT, related_name="deferrals")
    until = MomentField()
    reason = models.CharField(max_length=REASON_LENGTH_MAX)
    first_person = models.CharField(max_length=60)
    approved_by = models.CharField(max_length=60)
    decided_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    approved_by__regex=PERSON_PATTERN,
                    first_person__regex=PERSON_PATTERN,
                    until__lte=F("decided_at") + timedelta(days=DEFERRED_DAYS_MAX),
                )
                & ~Q(approved_by=F("first_person"))
                & ~Q(reason=""),
                name="deferral_by_two",
            )
        ]
        triggers = [
            append_only(),
            dated_now("decided_at", real=["recorded_at"], stated=["until"]),
            defers_untold(),
            deferred_unrelated(),
            acted_by_person(
                "approved_by", Permission.ACCESS_OPEN, first="first_person", name="deferred_by_two"
            ),
        ]


class AccessRead(models.Model):
    """A subject was read under an access: once for each. Append-only.

    ``digest`` is the salted hash of ``subject`` that stands in evidence. Invariants: read while the access was open and its person
    had no interest in the participant; at most ``SUBJECTS_MAX`` under one.
    """

    access = models.ForeignKey(StaffAccess, on_delete=models.PROTECT, related_name="reads")
    subject = models.CharField(max_length=60)
    digest = models.CharField(max_length=64)
    read_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["access", "subject"], name="access_read_once"),
            models.CheckConstraint(condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="access_read_digest"),
        ]
        triggers = [append_only(), dated_now("read_at", real=["recorded_at"]), within_access()]


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
