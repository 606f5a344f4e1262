"""Records that the database was restored from a backup."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from marketplace.events.schemas.clearing import SendingShut
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor

from ..locks import PAYMENT_SEQUENCE_LOCK
from ..models import CountedTimeline, Restoration
from ..restorations import next_restoration_number, server_timeline


@transaction.atomic
def record_restoration(*, actor: Actor = SYSTEM, restored_to: datetime | None = None) -> Restoration:
    """Count a restoration of the database; shuts the sending of payments until each currency is opened again.

    Run it once after every restore, promotion of a standby and `pg_upgrade`, before the market starts: until then nothing
    is planned or sent. ``restored_to`` is the moment in real time that the
    database was restored to; None for the end of the archived log. Emits sending.shut.
    """
    PAYMENT_SEQUENCE_LOCK.acquire()
    made = Restoration.objects.create(
        number=next_restoration_number(),
        restored_to=restored_to,
        happened_at=clock.now(),
        recorded_by=actor.identifier,
    )
    here = server_timeline()
    CountedTimeline.objects.create(server=here.server, timeline=here.timeline, restoration=made.number)
    record(
        kind="clearing.database_restored",
        subject=made.public_id,
        actor=actor,
        payload={"number": made.number, "restored_to": restored_to.isoformat() if restored_to else None},
    )
    emit(SendingShut(restoration=made.public_id, number=made.number))
    return made
