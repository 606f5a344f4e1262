"""Remind of cases whose time to be decided is over."""

from __future__ import annotations

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM

from ..states import CaseState
from .resolving import locked_case
from .telling import tell_moved


@transaction.atomic
def remind_of(case: str) -> bool:
    """Tell the operator and who waits that a case is overdue, once; returns whether it was. Emits case.moved."""
    subject = locked_case(case)
    if subject.state != CaseState.OPEN or subject.reminded_at is not None or subject.decide_by > clock.now():
        return False
    subject.reminded_at = clock.now()
    subject.save(update_fields=["reminded_at"])
    record(
        kind="cases.overdue", subject=case, actor=SYSTEM, payload={"decide_by": subject.decide_by.isoformat()}
    )
    tell_moved(subject, "overdue")
    return True
