"""Event handlers about admissions that end: the organisation has a task while it can keep one."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.participants import AdmissionConditionMoved, AdmissionEnding
from marketplace.kernel import clock
from marketplace.participants.qualification_queries import kind_name
from marketplace.participants.queries import get_organisation

from ..admission_texts import CONDITION, DUE_SOON
from ..services import close_tasks, open_task, send_notice
from ..states import TaskKind
from ..texts import TASK_TITLES, Wording, fill_label

SETTLED = ("met", "missed", "dropped")


def on_admission_ending(event: AdmissionEnding, envelope: Envelope) -> None:
    """Open the task to renew the admission, until the end of its last day; ``on_admission_decided`` closes it."""
    open_task(
        organisation_id=get_organisation(event.organisation).id,
        kind=TaskKind.KEEP,
        subject=event.admission,
        thread=event.admission,
        title=fill_label(TASK_TITLES[TaskKind.KEEP], admission=event.admission),
        deadline=_end_of(event.expires_on),
    )


def on_condition_moved(event: AdmissionConditionMoved, envelope: Envelope) -> None:
    """Open the task to meet a condition as it is stated, remind of it by a notice, and close the task when it is settled."""
    party = get_organisation(event.organisation)
    if event.change in SETTLED:
        close_tasks(
            thread=event.condition,
            kinds=(TaskKind.KEEP,),
            done_by=party.id if event.change == "met" else None,
        )
        return
    title = fill_label(
        CONDITION, admission=event.admission, name=kind_name(event.qualification), day=event.due_on
    )
    if event.change == "due":
        send_notice(organisation_id=party.id, subject=event.condition, wording=Wording(title, DUE_SOON))
        return
    open_task(
        organisation_id=party.id,
        kind=TaskKind.KEEP,
        subject=event.condition,
        thread=event.condition,
        title=title,
        deadline=_end_of(event.due_on),
    )


def _end_of(day: str) -> datetime:
    """The moment at which a day (ISO 8601) of the market is over."""
    return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time.min, tzinfo=clock.market_zone())
