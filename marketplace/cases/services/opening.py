"""Open cases of what the rules put on hold, and drop those that are no longer needed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.states import advance
from marketplace.rules.queries import parameter

from ..models import Case
from ..states import CASE, CaseState
from .telling import counterparty_of, tell_moved

DECIDED_WITHIN = "case_days"


@transaction.atomic
def open_case(
    *,
    kind: str,
    subject: str,
    thread: str,
    organisation_id: int,
    decision: str,
    counterparty_id: int | None = None,
    actor: Actor = SYSTEM,
) -> Case:
    """Open the case of what the rules put on hold, or return the one that is open. Emits case.moved.

    Due within ``case_days``. ``organisation_id`` and ``counterparty_id``: the database keys of who waits.
    """
    case, made = Case.objects.get_or_create(
        kind=kind,
        subject=subject,
        state=CaseState.OPEN,
        defaults={
            "thread": thread,
            "organisation_id": organisation_id,
            "counterparty_id": counterparty_id,
            "decision": decision,
            **case_times(),
        },
    )
    if made:
        record_opened(case, actor)
        tell_moved(case, "opened")
    return case


def case_times() -> dict[str, datetime]:
    """When a case is opened that is opened now, and by when it is decided."""
    now = clock.now()
    return {"opened_at": now, "decide_by": now + timedelta(days=parameter(DECIDED_WITHIN))}


def record_opened(case: Case, actor: Actor, **more: str) -> None:
    """The evidence that a case was opened."""
    record(
        kind="cases.opened",
        subject=case.public_id,
        actor=actor,
        payload={
            "kind": case.kind,
            "subject": case.subject,
            "organisation": case.organisation.public_id,
            "counterparty": counterparty_of(case),
            "decision": case.decision,
            "decide_by": case.decide_by.isoformat(),
            **more,
        },
    )


@transaction.atomic(savepoint=False)
def drop_cases(*, thread: str, kinds: tuple[str, ...], actor: Actor = SYSTEM) -> int:
    """End the open cases of a thread, because nothing is left to decide; returns how many. Emits case.moved."""
    waiting = Case.objects.select_for_update(of=("self",)).select_related("organisation", "counterparty")
    dropped = list(waiting.filter(thread=thread, kind__in=kinds, state=CaseState.OPEN).order_by("pk"))
    for case in dropped:
        advance(case, CASE, command="drop", role="system", ended_at=clock.now())
        record(kind="cases.dropped", subject=case.public_id, actor=actor, payload={"subject": case.subject})
        tell_moved(case, "dropped")
    return len(dropped)
