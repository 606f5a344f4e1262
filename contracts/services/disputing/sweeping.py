"""What time does to disputes: silence is recorded, mediators are reminded, and what is not decided in time goes to the people on call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from marketplace.cases.on_call import HALT_LOOKED_AT_WITHIN, Duty
from marketplace.cases.on_call_queries import on_call_now
from marketplace.cases.texts import people_on_call
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.aside import Loop
from marketplace.kernel.permissions import Permission
from marketplace.notices import services as notices
from marketplace.notices.operator_tasks import ask_operator
from marketplace.notices.states import TaskKind

from ...disputing import texts
from ...disputing.models import Dispute
from ...disputing.queries import standing_mediator
from ...disputing.rules import REMINDED_DAYS
from ...disputing.statement_models import Statement
from ...disputing.states import StatementKind
from ...states import DisputeState
from .deciding import record_silence
from .sides import locked_dispute, tell

SILENCE: Final = Loop("contracts.record_silences")
REMIND: Final = Loop("contracts.remind_mediators")
ESCALATE: Final = Loop("contracts.escalate_disputes")
BATCH: Final = 200


def record_silences() -> int:
    """Record which disputes were not answered in time, and tell the sides; returns how many."""
    answers = Statement.objects.filter(dispute=OuterRef("pk"), kind=StatementKind.ANSWER)
    due = _open(unanswered_at=None, answer_by__lte=clock.now()).exclude(Exists(answers))
    return _each(SILENCE, due, _silence)


@transaction.atomic
def _silence(public_id: str) -> bool:
    agreement, dispute = locked_dispute(SYSTEM, public_id)
    answered = dispute.statements.filter(kind=StatementKind.ANSWER).exists()
    if dispute.state != DisputeState.OPEN or dispute.unanswered_at is not None or answered:
        return False
    record_silence(dispute)
    notices.close_tasks(thread=public_id, kinds=(TaskKind.ANSWER,))
    tell(dispute, agreement, texts.SILENT.fill(dispute=public_id))
    return True


def remind_mediators() -> int:
    """Remind who decides disputes of those that are due within ``REMINDED_DAYS``, once; returns how many."""
    due = _open(
        reminded_at=None, escalated_at=None, decide_by__lte=clock.now() + timedelta(days=REMINDED_DAYS)
    )
    return _each(REMIND, due, _remind)


@transaction.atomic
def _remind(public_id: str) -> bool:
    _, dispute = locked_dispute(SYSTEM, public_id)
    if dispute.state != DisputeState.OPEN or dispute.reminded_at is not None:
        return False
    dispute.reminded_at = clock.now()
    dispute.save(update_fields=["reminded_at"])
    mediator = standing_mediator(dispute)
    ask_operator(
        TaskKind.LOOK_INTO,
        public_id,
        deadline=dispute.decide_by,
        title=texts.DECISION_DUE,
        needs=Permission.DISPUTES_WRITE,
        dispute=public_id,
        decide_by=dispute.decide_by.isoformat(),
        person=mediator.person if mediator else "-",
    )
    return True


def escalate_disputes() -> int:
    """Ask the people on call about disputes that were not decided in time; returns how many."""
    return _each(ESCALATE, _open(escalated_at=None, decide_by__lte=clock.now()), _escalate)


@transaction.atomic
def _escalate(public_id: str) -> bool:
    _, dispute = locked_dispute(SYSTEM, public_id)
    now = clock.now()
    if dispute.state != DisputeState.OPEN or dispute.escalated_at is not None or now < dispute.decide_by:
        return False
    dispute.escalated_at = now
    dispute.save(update_fields=["escalated_at"])
    # The reminder named the day; what is asked now is another thing.
    notices.close_tasks(thread=public_id, kinds=(TaskKind.LOOK_INTO,))
    ask_operator(
        TaskKind.LOOK_INTO,
        public_id,
        deadline=now + HALT_LOOKED_AT_WITHIN,
        title=texts.UNDECIDED,
        needs=Permission.DISPUTES_WRITE,
        dispute=public_id,
        decide_by=dispute.decide_by.isoformat(),
        on_call=people_on_call(on_call_now(Duty.DISPUTES)),
    )
    return True


def _open(**conditions: object) -> QuerySet[Dispute]:
    return Dispute.objects.filter(state=DisputeState.OPEN, **conditions)


def _each(loop: Loop, due: QuerySet[Dispute], work: Callable[[str], bool]) -> int:
    rows = due.exclude(public_id__in=loop.standing_aside()).order_by("pk")
    return loop.each(rows.values_list("public_id", flat=True)[:BATCH], work)
