"""Event handlers that open and close the operator's tasks about applications for registration and screenings."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.registration import RegistrationMoved, ScreeningAssessed, ScreeningChanged
from marketplace.kernel.labels import Label
from marketplace.participants.queries import get_organisation

from ..operator_tasks import ask_operator, finish_for_operator
from ..states import TaskKind

SCREENING_OUTCOMES: dict[str, Label] = {
    "clear": Label("nothing any more", "該当なし"),
    "held": Label("other findings than before", "前回と異なる該当事項あり"),
}
TASK_OF_STATE = {"in_review": TaskKind.ADMIT, "confirming": TaskKind.CONFIRM}
"""The task that each state of an application gives the operator; a state without one closes both."""


def on_registration_moved(event: RegistrationMoved, envelope: Envelope) -> None:
    """Open the operator's task to review an application, or to confirm its acceptance; close the one before it."""
    opened = TASK_OF_STATE.get(event.state)
    for kind in TASK_OF_STATE.values():
        if kind is opened:
            ask_operator(kind, event.registration, registration=event.registration)
        else:
            finish_for_operator(kind, event.registration)


def on_screening_changed(event: ScreeningChanged, envelope: Envelope) -> None:
    """Open the operator's task to read what a later screening of a registered organisation found."""
    ask_operator(
        TaskKind.ASSESS,
        event.screening,
        screening=event.screening,
        party=get_organisation(event.registered).name,
        outcome=SCREENING_OUTCOMES[event.outcome].as_dict(),
    )


def on_screening_assessed(event: ScreeningAssessed, envelope: Envelope) -> None:
    """Close the operator's task: a person read what the screening found."""
    finish_for_operator(TaskKind.ASSESS, event.screening)
