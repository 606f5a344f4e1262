"""Who is on call to release what one person has tightened: the duties, and the moments at which too few are. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.moments import LATE_SECONDS_MAX
from marketplace.kernel.permissions import Permission


class Duty(TextChoices):
    """What somebody on call releases."""

    ADMISSION = "admission", Label("held cases, suspensions", "保留案件・取引停止の解除")
    DISPUTES = "disputes", Label("appeals, disputes", "不服申立て・紛争の判断")
    RULEBOOK = "rulebook", Label("halts of trading", "売買停止の解除")


TAKES: Final = {
    Duty.ADMISSION.value: Permission.ADMISSION_WRITE,
    Duty.DISPUTES.value: Permission.DISPUTES_WRITE,
    Duty.RULEBOOK.value: Permission.RULEBOOK_WRITE,
}
"""What somebody on call must hold."""
ON_CALL_MIN: Final = 2
"""A release takes two people."""
AHEAD: Final = timedelta(days=7)
"""For how long ahead a rota has nobody missing."""
TURN_MAX: Final = timedelta(days=31)
"""How long one turn may be."""
LATE_MAX: Final = timedelta(seconds=LATE_SECONDS_MAX)
"""How long before its publication a turn may begin: what is backdated would show people on call who were not."""
HALT_LOOKED_AT_WITHIN: Final = timedelta(hours=24)
"""Within which time two people look at a halt of trading: they lift it, or say why it stands."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A person is on call from ``since``, inclusive, until ``until``, exclusive."""

    person: str
    since: datetime
    until: datetime


def first_gap(turns: Iterable[Turn], *, since: datetime, until: datetime) -> datetime | None:
    """The first moment from ``since`` and before ``until`` at which fewer than two people are on call; None if there is none."""
    rota = list(turns)
    edges = {since, *(edge for turn in rota for edge in (turn.since, turn.until) if since < edge < until)}
    for moment in sorted(edges):
        if len({turn.person for turn in rota if turn.since <= moment < turn.until}) < ON_CALL_MIN:
            return moment
    return None
