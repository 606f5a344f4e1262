"""What happens to applications with time: those that are not completed lapse, and participants are screened again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.db.models import Q

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.aside import Loop
from marketplace.kernel.states import advance

from .bounds import DRAFT_LAPSES, RESCREENED_A_RUN, UNPROVED_LAPSES
from .comparing import current_facts, current_lists, current_snapshot
from .models import Registration, Screening
from .rows import lock_registration, record_move
from .services.screening import request_screening
from .states import REGISTRATION, RegistrationState, ScreeningCause

LAPSING = Loop("registration.lapse")
RESCREENING = Loop("registration.rescreen")
LAPSED_A_RUN = 200
CHUNK = 500


def lapse_drafts() -> int:
    """End applications whose address was not proved, or that were not submitted, in time; returns how many."""
    due = (
        Registration.objects.filter(_overdue(clock.now()), state=RegistrationState.DRAFT)
        .exclude(public_id__in=LAPSING.standing_aside())
        .order_by("begun_at")
        .values_list("public_id", flat=True)[:LAPSED_A_RUN]
    )
    return LAPSING.each(due, _lapse)


def _overdue(now: datetime) -> Q:
    return Q(email_proved_at=None, begun_at__lte=now - UNPROVED_LAPSES) | Q(begun_at__lte=now - DRAFT_LAPSES)


@transaction.atomic
def _lapse(public_id: str) -> bool:
    lock_registration(public_id)
    overdue = Registration.objects.filter(_overdue(clock.now()), public_id=public_id)
    row = overdue.filter(state=RegistrationState.DRAFT).first()
    if row is None:
        return False
    advance(
        row,
        REGISTRATION,
        command="lapse",
        role="system",
        closed_by=SYSTEM.identifier,
        closed_at=clock.now(),
    )
    record_move(row, SYSTEM)
    return True


def rescreen_due() -> int:
    """Ask for a screening of each registered organisation whose last one is old, was made with older lists, or compared
    other facts; returns how many, at most ``RESCREENED_A_RUN``."""
    aside = set(RESCREENING.standing_aside())
    due = (each for each in _due() if each[0] not in aside)
    return RESCREENING.each(
        islice(due, RESCREENED_A_RUN), _rescreen, subject=lambda each: each[0], are_all=False
    )


def _due() -> Iterator[tuple[str, ScreeningCause]]:
    """The registered organisations that are to be screened again, each with the reason; read in chunks by key."""
    lists, snapshot = [each.public_id for each in current_lists()], current_snapshot()
    now, after = clock.now(), 0
    accepted = Registration.objects.filter(state=RegistrationState.ACCEPTED).order_by("pk")
    while rows := list(accepted.filter(pk__gt=after).prefetch_related("owners")[:CHUNK]):
        after = rows[-1].pk
        newest = {
            each.registration_id: each
            for each in Screening.objects.filter(registration__in=rows).order_by("pk")
        }
        for row in rows:
            last = newest[row.pk]
            if last.ended_at is None or last.next_at is None:
                continue
            if last.next_at <= now:
                yield row.public_id, ScreeningCause.SCHEDULE
            elif last.lists != lists or last.snapshot_id != (snapshot.pk if snapshot else None):
                yield row.public_id, ScreeningCause.LISTS
            elif last.facts_digest != current_facts(row).digest:
                yield row.public_id, ScreeningCause.FACTS


@transaction.atomic
def _rescreen(due: tuple[str, ScreeningCause]) -> bool:
    public_id, cause = due
    request_screening(registration=lock_registration(public_id), cause=cause)
    return True
