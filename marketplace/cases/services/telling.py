"""Emits what happens to cases."""

from __future__ import annotations

from marketplace.events.schemas.cases import CaseMoved
from marketplace.events.services import emit

from ..models import Case


def tell_moved(case: Case, change: str) -> None:
    """Emit that a case was ``opened``, ``resolved``, ``withdrawn``, ``dropped``, ``overdue`` or ``carried_out``."""
    emit(
        CaseMoved(
            case=case.public_id,
            kind=case.kind,
            about=case.subject,
            organisation=case.organisation.public_id,
            counterparty=counterparty_of(case),
            change=change,
            outcome=case.outcome or None,
            decide_by=case.decide_by.isoformat(),
        )
    )


def counterparty_of(case: Case) -> str | None:
    """The public identifier of the other party that waits, where there is one."""
    return case.counterparty.public_id if case.counterparty else None
