"""What law demands of an incident, its assessment, and the operator's tasks for it: the parts of its commands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.notices.operator_tasks import ask_operator, finish_for_operator
from marketplace.notices.states import TaskKind

from ..texts import choice_of
from . import law, texts
from .models import Incident, IncidentAssessment, IncidentDeadline
from .queries import missing_duties
from .states import Duty, Ground


def checked_duties(
    incident: Incident, ground: str, persons: int, known_at: datetime, *, at: datetime
) -> list[law.Due]:
    """What law demands of an incident that is assessed so. Raises FieldInvalid."""
    if known_at > at:
        raise FieldInvalid(
            "known_at", Label("choose a moment that has passed", "過去の時点を指定してください")
        )
    if clock.business_date(known_at) < law.SINCE:
        raise FieldInvalid(
            "known_at",
            Label(
                f"choose a day from {law.SINCE} on, since which law sets the deadlines",
                f"期限を定める法令が施行された{law.SINCE}以後の日を指定してください",
            ),
        )
    ground = choice_of("ground", ground, Ground.values)
    if ground == Ground.NONE and persons > law.PERSONS_MANY and incident.kind != "unavailability":
        raise FieldInvalid(
            "ground",
            Label(
                f"more than {law.PERSONS_MANY:,} persons: choose many, or another ground",
                f"本人の数が{law.PERSONS_MANY:,}人を超えるため、many または他の根拠を選んでください",
            ),
        )
    return law.duties(ground, clock.business_date(known_at), clock.market_zone())


def assess(
    actor: Actor,
    incident: Incident,
    ground: str,
    persons: int,
    known_at: datetime,
    due: Sequence[law.Due],
    *,
    at: datetime,
    first_person: str = "",
) -> None:
    """Write an assessment with the deadlines that law sets, and open or move the task for each."""
    assessment = IncidentAssessment.objects.create(
        incident=incident,
        ground=ground,
        persons=persons,
        known_at=known_at,
        assessed_by=actor.identifier,
        first_person=first_person,
        assessed_at=at,
    )
    IncidentDeadline.objects.bulk_create(
        IncidentDeadline(
            incident=incident,
            assessment=assessment,
            duty=each.duty,
            days=each.days,
            due_on=each.due_on,
            due_at=each.due_at,
            source=each.source,
        )
        for each in due
    )
    record(
        kind="oversight.incident_assessed",
        subject=incident.public_id,
        actor=actor,
        payload={
            "ground": ground,
            "persons": persons,
            "known_at": known_at.isoformat(),
            "due": {str(each.duty): each.due_on.isoformat() for each in due},
            "first_person": first_person,
        },
    )
    _set_tasks(incident, due)


def _set_tasks(incident: Incident, due: Sequence[law.Due]) -> None:
    """The operator has a task for each report that is due and was not recorded, and none for others."""
    missing = set(missing_duties(incident))
    duties: dict[str, Any] = dict(Duty.choices)
    for duty in Duty:
        if duty not in missing:
            finish_for_operator(TaskKind.REPORT, f"{incident.public_id}:{duty}")
    for each in due:
        if each.duty in missing:
            ask_operator(
                TaskKind.REPORT,
                f"{incident.public_id}:{each.duty}",
                deadline=each.due_at,
                incident=incident.public_id,
                duty=duties[each.duty].as_dict(),
                due_on=each.due_on.isoformat(),
            )
    if not missing:
        ask_to_attend(incident)


def ask_to_attend(incident: Incident) -> None:
    """The operator has a task for an incident that needs no report, or none any more, until it is closed."""
    ask_operator(TaskKind.REPORT, incident.public_id, title=texts.ATTEND_TO, incident=incident.public_id)
