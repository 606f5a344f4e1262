"""Reads of the rota: who is on call now, and when too few are."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from marketplace.kernel import clock
from marketplace.participants.queries import acts_for_operator

from .on_call import AHEAD, TAKES, Turn, first_gap
from .on_call_models import OnCallTurn


def turns() -> QuerySet[OnCallTurn]:
    """Every turn, withdrawn ones too; public."""
    return OnCallTurn.objects.all()


def _live(duty: str, since: datetime, until: datetime) -> list[Turn]:
    """The turns of a duty that touch a time, of people who still hold what it takes."""
    rows = OnCallTurn.objects.filter(duty=duty, withdrawn_at=None, until__gt=since, since__lt=until)
    known: dict[str, bool] = {}
    for person in rows.values_list("person", flat=True).distinct():
        known[person] = acts_for_operator(person, TAKES[duty])
    return [Turn(row.person, row.since, row.until) for row in rows.order_by("pk") if known.get(row.person)]


def on_call_now(duty: str) -> list[str]:
    """Who is on call for a duty now: public identifiers of persons, sorted."""
    now = clock.now()
    return sorted({turn.person for turn in _live(duty, now, now + AHEAD) if turn.since <= now})


def next_gap(duty: str) -> datetime | None:
    """The first moment of the next days at which fewer than two people are on call for a duty; None if there is none."""
    now = clock.now()
    return first_gap(_live(duty, now, now + AHEAD), since=now, until=now + AHEAD)
