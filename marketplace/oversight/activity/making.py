"""What the job of activity records writes: that the file was made, or that it could not be."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from marketplace.evidence.services import record as record_evidence
from marketplace.jobs.kinds import Arguments
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor, Role
from marketplace.kernel.permissions import permissions_of

from .bundle import Made
from .models import ActivityRecord
from .states import KEPT_DAYS


@transaction.atomic
def finish_records(*, record: str, made: Made) -> None:
    """Record the file that was made, once. The market's own step."""
    row = ActivityRecord.objects.select_for_update(no_key=True).get(public_id=record)
    if row.made_at is not None or row.failed_at is not None:
        return
    row.made_at, row.rows_total, row.size_bytes = clock.now(), made.rows, made.size_bytes
    row.sha256, row.manifest_sha256 = made.sha256, made.manifest_sha256
    row.expires_at = row.made_at + timedelta(days=KEPT_DAYS)
    row.save()
    record_evidence(
        kind="oversight.activity_made",
        subject=record,
        actor=SYSTEM,
        payload={"manifest_sha256": made.manifest_sha256, "rows": made.rows},
    )


def fail_records(record: str, _arguments: Arguments) -> None:
    """Record that the file could not be made: the participant asks anew, and the operator looks at the job."""
    row = ActivityRecord.objects.select_for_update(no_key=True).get(public_id=record)
    if row.made_at is None and row.failed_at is None:
        row.failed_at, row.reason = clock.now(), "the records could not be made"
        row.save(update_fields=["failed_at", "reason"])


def reader_of(record: str) -> Actor | None:
    """Who reads the rows: the owner who asked, with what an owner may read; None if the file was made or failed already."""
    row = ActivityRecord.objects.select_related("organisation").get(public_id=record)
    if row.made_at is not None or row.failed_at is not None:
        return None
    return Actor(
        identifier=row.asked_by,
        role=Role.PARTICIPANT,
        organisation_id=row.organisation_id,
        organisation=row.organisation.public_id,
        permissions=permissions_of({"owner"}, proved=True, is_operator=False),
        proved_at=clock.real_now(),
        responsible=row.asked_by,
    )
