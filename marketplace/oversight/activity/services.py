"""Ask for activity records, send their file, and let it go."""

from __future__ import annotations

from datetime import timedelta
from typing import BinaryIO

from django.db import transaction

from marketplace.evidence.services import record as record_evidence
from marketplace.jobs.services import enqueue
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.aside import Loop
from marketplace.kernel.errors import Forbidden, Missing
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.participants.queries import lock_organisation

from .bundle import file_of, open_file
from .errors import AskedTooOften, RecordsNotReady
from .jobs import MAKE_RECORDS
from .models import MEMBER, ActivityRecord
from .queries import visible_records
from .states import PER_DAY_MAX

REMOVING = Loop("oversight.remove_records")
REMOVED_A_RUN = 100


@transaction.atomic
def ask_records(*, actor: Actor) -> ActivityRecord:
    """Ask for everything that is the actor's organisation's; a job makes the file.

    Raises AskedTooOften, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(MEMBER)
    actor.require_person()
    if actor.role is not Role.PARTICIPANT:
        raise Forbidden(needed=Label("a participant", "参加者"))
    own, now = actor.require_organisation(), clock.now()
    lock_organisation(own)
    recent = ActivityRecord.objects.filter(organisation=own, asked_at__gt=now - timedelta(hours=24))
    if recent.count() >= PER_DAY_MAX:
        raise AskedTooOften(per_day_max=PER_DAY_MAX)
    row = ActivityRecord.objects.create(
        public_id=new_identifier("arc"), organisation_id=own, asked_by=actor.identifier, asked_at=now
    )
    record_evidence(
        kind="oversight.activity_asked",
        subject=row.public_id,
        actor=actor,
        payload={"organisation": actor.organisation},
    )
    enqueue(kind=MAKE_RECORDS, subject=row.public_id, organisation=actor.organisation or "")
    return row


def file_to_send(*, actor: Actor, record: str) -> tuple[ActivityRecord, BinaryIO]:
    """The record and its open file, for its own organisation's owner alone.

    Raises RecordsNotReady, Missing, PermissionNeeded, ProofNeeded.
    """
    actor.require(MEMBER)
    row = visible_records(actor).filter(public_id=record).first()
    if row is None:
        raise Missing(kind="activity record", identifier=record)
    file = open_file(record) if row.made_at is not None and row.removed_at is None else None
    if file is None:
        raise RecordsNotReady(record=record)
    return row, file


def remove_expired() -> int:
    """Remove the files that are kept no longer; returns how many."""
    expired = ActivityRecord.objects.filter(removed_at=None, expires_at__lte=clock.now()).order_by(
        "expires_at", "pk"
    )
    due = expired.exclude(public_id__in=REMOVING.standing_aside()).values_list("public_id", flat=True)
    return REMOVING.each(due[:REMOVED_A_RUN], _remove)


def _remove(record: str) -> int:
    file_of(record).unlink(missing_ok=True)
    with transaction.atomic():
        return ActivityRecord.objects.filter(public_id=record, removed_at=None).update(removed_at=clock.now())
