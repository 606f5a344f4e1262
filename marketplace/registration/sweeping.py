"""What happens to applications with time: those that are not completed lapse, and others are screened again."""

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
from marketplace.participants.queries import organisations_by_id

from .bounds import DRAFT_LAPSES, RESCREENED_A_RUN, UNPROVED_LAPSES
from .comparing import current_lists, current_snapshot
from .facts import facts_of
from .models import Registration, Screening
from .rows import lock_registration, record_move
from .services.screening import request_screening
from .states import REGISTRATION, SCREENED_AGAIN, RegistrationState, ScreeningCause

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
    """Ask for a screening of what is reviewed or registered and whose last one is old, was made with older lists, or
    compared other facts; returns how many, at most ``RESCREENED_A_RUN``."""
    aside = set(RESCREENING.standing_aside())
    due = (each for each in _due() if each[0] not in aside)
    return RESCREENING.each(
        islice(due, RESCREENED_A_RUN), _rescreen, subject=lambda each: each[0], are_all=False
    )


def _due() -> Iterator[tuple[str, ScreeningCause]]:
    """What is to be screened again, with the reason; read in chunks by key."""
    loaded, now, after = _loaded(), clock.now(), 0
    screened = Registration.objects.filter(state__in=SCREENED_AGAIN).order_by("pk")
    while rows := list(screened.filter(pk__gt=after).prefetch_related("owners")[:CHUNK]):
        after = rows[-1].pk
        organisations = organisations_by_id(row.organisation_id for row in rows if row.organisation_id)
        newest = Screening.objects.filter(registration__in=rows).order_by("registration_id", "-pk")
        last = {each.registration_id: each for each in newest.distinct("registration_id")}
        for row in rows:
            facts = facts_of(row, organisations.get(row.organisation_id or 0))
            if cause := _cause_to_screen(last[row.pk], facts.digest, loaded, now):
                yield row.public_id, cause


def _loaded() -> tuple[list[str], int | None]:
    """The lists and the registry that screenings are made with now, as a screening names them."""
    snapshot = current_snapshot()
    return [each.public_id for each in current_lists()], snapshot.pk if snapshot else None


def _cause_to_screen(
    last: Screening, facts_digest: str, loaded: tuple[list[str], int | None], now: datetime
) -> ScreeningCause | None:
    """Why to screen again after the ``last`` screening; None while that has not ended, or is still good."""
    if last.next_at is None:
        return None
    if last.next_at <= now:
        return ScreeningCause.SCHEDULE
    if (last.lists, last.snapshot_id) != loaded:
        return ScreeningCause.LISTS
    return ScreeningCause.FACTS if last.facts_digest != facts_digest else None


@transaction.atomic
def _rescreen(due: tuple[str, ScreeningCause]) -> bool:
    public_id, cause = due
    request_screening(registration=lock_registration(public_id), cause=cause)
    return True
