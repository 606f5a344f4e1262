"""Reads of seals, and the records whose first term ends soon."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from marketplace.evidence.parties import PARTIES
from marketplace.evidence.queries import visible_records
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.permissions import Permission

from .models import STAFF, RecordSeal
from .states import ASKED_BEFORE, LONGER_BY


def visible_seals(actor: Actor) -> QuerySet[RecordSeal]:
    """All seals, for who seals and for the auditor; for a participant, those that have ended of its records that it reads again.

    While another seal, or law itself, keeps the record secret, an ended seal would tell of it.
    """
    if actor.role is Role.PARTICIPANT:
        ended = RecordSeal.objects.filter(parties__contains=[actor.organisation], ended_at__isnull=False)
        return ended.filter(Exists(visible_records(actor).filter(public_id=OuterRef("record"))))
    if actor.may(STAFF, Permission.EVIDENCE_READ):
        return RecordSeal.objects.all()
    return RecordSeal.objects.none()


def seal_that_stands(record: str, ground: str, legal_basis: str, review_at: datetime) -> RecordSeal | None:
    """A seal in force that keeps a record, on the same ground and basis, until ``review_at`` or less than a day shorter."""
    standing = RecordSeal.objects.filter(record=record, ended_at=None, ground=ground, legal_basis=legal_basis)
    return standing.filter(review_at__gt=review_at - LONGER_BY).order_by("-review_at").first()


def due_to_end(at: datetime) -> QuerySet[RecordSeal]:
    """Seals in force whose review date has come, the first due first."""
    return RecordSeal.objects.filter(ended_at=None, review_at__lte=at).order_by("review_at", "pk")


def unsealed_soon_sql(moment: str) -> str:
    """Records that law keeps secret at first and people look at, whose first term ends soon after ``moment``, in SQL:
    public identifier and end of the term. Those that a seal keeps for longer are not among them.
    """
    # A function that is volatile is no bound of an index; the answer of a query is.
    at = f"(SELECT {moment})"
    each_kind = " UNION ALL ".join(
        f"SELECT e.id, e.public_id, e.occurred_at + interval '{kind.sealed_days} days' AS ends_at"  # noqa: S608  our own words
        f" FROM public.evidence_evidencerecord e WHERE e.kind = '{kind.of}' AND ({kind.reviewed_if})"
        f" AND e.occurred_at > {at} - interval '{kind.sealed_days} days'"
        f" AND e.occurred_at <= {at} - interval '{kind.sealed_days - ASKED_BEFORE.days} days'"
        for kind in PARTIES.values()
        if kind.sealed_days
    )
    return (
        f"SELECT s.public_id, s.ends_at FROM ({each_kind}) s"  # noqa: S608  our own words
        " WHERE EXISTS (SELECT FROM public.evidence_recordparty p WHERE p.record_id = s.id)"
        " AND NOT EXISTS (SELECT FROM public.oversight_recordseal l WHERE l.record = s.public_id"
        f"  AND l.review_at > s.ends_at AND (l.ended_at IS NULL OR l.ended_at > {at}))"
    )


def unsealed_soon() -> list[tuple[str, datetime]]:
    """The records of ``unsealed_soon_sql`` now, with the end of their first term, the first one first."""
    with connection.cursor() as cursor:
        cursor.execute(f"{unsealed_soon_sql('public.business_now()')} ORDER BY 2, 1")
        return [(str(record), ends_at) for record, ends_at in cursor.fetchall()]
