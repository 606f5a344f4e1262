"""Open an incident, assess it, write what was done and reported, tell whom it concerns, and close it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from marketplace.approvals.services import require_two_people
from marketplace.events.schemas.oversight import IncidentMoved
from marketplace.events.services import emit
from marketplace.evidence.services import add_parties, record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.commitments import commitment_to, new_salt
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text
from marketplace.notices.operator_tasks import ask_operator, finish_for_operator
from marketplace.notices.services import send_notices
from marketplace.notices.states import TaskKind
from marketplace.participants.interest_queries import related_to, require_unrelated
from marketplace.participants.queries import (
    OrganisationView,
    get_organisation,
    get_organisations,
    lock_organisation,
)

from ..texts import choice_of
from . import law, texts
from .errors import IncidentClosed, ReportsMissing, TooManyConcerned, TooManyOpen
from .models import (
    MEMBER,
    STAFF,
    Incident,
    IncidentAssessment,
    IncidentConcern,
    IncidentDeadline,
    IncidentEntry,
)
from .queries import missing_duties, weakens
from .states import (
    ADDRESSEE_LENGTH_MAX,
    APPROVED_WITHIN,
    CONCERNED_MAX,
    DATA_LENGTH_MAX,
    OPEN_MAX,
    TEXT_LENGTH_MAX,
    Duty,
    EntryKind,
    Ground,
    IncidentKind,
)


@transaction.atomic
def open_incident(
    *,
    actor: Actor,
    kind: str,
    ground: str,
    persons: int,
    known_at: datetime,
    data: str,
    description: str,
    subject: str = "",
    organisations: Sequence[str] = (),
) -> Incident:
    """Register what happened to data, with its assessment, and tell the participants whom it concerns.

    Staff names ``organisations``; a participant opens one about its own data alone. Opens a task for each report that law
    demands. Emits incident.moved for each participant. Raises TooManyOpen, FieldInvalid, Missing, PermissionNeeded,
    ProofNeeded, Forbidden.
    """
    actor.require(*([MEMBER] if actor.role is Role.PARTICIPANT else STAFF))
    actor.require_person()
    concerned = _concerned(actor, organisations)
    if actor.role is Role.PARTICIPANT:
        _require_room(actor.require_organisation())
    incident = Incident(
        public_id=new_identifier("inc"),
        kind=choice_of("kind", kind, IncidentKind.values),
        data=stated_text("data", data, DATA_LENGTH_MAX),
        description=stated_text("description", description, TEXT_LENGTH_MAX),
        subject=subject.strip(),
        organisation_id=actor.organisation_id if actor.role is Role.PARTICIPANT else None,
        opened_by=actor.identifier,
        opened_at=clock.now(),
        salt=new_salt(),
    )
    incident.commitment = commitment_to(incident.salt, incident.data, incident.description)
    incident.save(force_insert=True)
    record(
        kind="oversight.incident_opened",
        subject=incident.public_id,
        actor=actor,
        payload={"kind": incident.kind, "commitment": incident.commitment},
    )
    due = _checked_duties(incident, ground, persons, known_at, at=incident.opened_at)
    _assess(actor, incident, ground, persons, known_at, due, at=incident.opened_at)
    _tell(actor, incident, concerned)
    if actor.role is Role.PARTICIPANT:
        _ask_to_attend(incident)
    return incident


@record_refusals()
def assess_incident(
    *, actor: Actor, incident: str, ground: str, persons: int, known_at: datetime
) -> Incident:
    """State anew on which ground an incident is reported, of how many persons, and when that was known.

    The deadlines of the law count from that day; earlier assessments stay on record. What drops a report that the one before
    demands, or makes it due later, takes two people. Raises SecondPersonNeeded, IncidentClosed, FieldInvalid, Missing,
    PermissionNeeded, ProofNeeded, Forbidden.
    """
    subject = _to_write(actor, incident)
    now = clock.now()
    due = _checked_duties(subject, ground, persons, known_at, at=now)
    first = ""
    if weakens(subject, due):
        first = require_two_people(
            actor=actor,
            permission=Permission.SUPPORT_WRITE,
            organisation=actor.organisation or "",
            command="oversight.assess_incident",
            subject=incident,
            payload={"ground": ground, "persons": persons, "known_at": known_at.isoformat()},
            expires_in=APPROVED_WITHIN,
        ).first_person
    _assess(actor, subject, ground, persons, known_at, due, at=now, first_person=first)
    return subject


@transaction.atomic
def name_concerned(*, actor: Actor, incident: str, organisations: Sequence[str]) -> Incident:
    """Name further participants whom an incident concerns, and tell them. Emits incident.moved for each.

    Raises IncidentClosed, TooManyConcerned, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    subject = _to_write(actor, incident)
    _tell(actor, subject, _concerned(actor, organisations))
    return subject


@transaction.atomic
def write_entry(
    *, actor: Actor, incident: str, kind: str, text: str, duty: str = "", addressee: str = ""
) -> Incident:
    """Write what was done about an incident, or which report was made to whom.

    A report with its ``duty`` ends the task for it; after the last one the task is to close the incident. Raises IncidentClosed, FieldInvalid, Missing, PermissionNeeded,
    ProofNeeded, Forbidden.
    """
    subject = _to_write(actor, incident)
    kind = choice_of("kind", kind, EntryKind.values)
    is_report = kind == EntryKind.REPORT
    if not is_report and (duty or addressee):
        name = "duty" if duty else "addressee"
        raise FieldInvalid(name, Label("only a report has it; leave it out", "報告の場合に限り指定できます"))
    entry = IncidentEntry(
        incident=subject,
        kind=kind,
        duty=choice_of("duty", duty, Duty.values) if duty else "",
        addressee=stated_text("addressee", addressee, ADDRESSEE_LENGTH_MAX) if is_report else "",
        text=stated_text("text", text, TEXT_LENGTH_MAX),
        salt=new_salt(),
        written_by=actor.identifier,
        written_at=clock.now(),
    )
    entry.commitment = commitment_to(entry.salt, entry.addressee, entry.text)
    entry.save(force_insert=True)
    record(
        kind="oversight.incident_entered",
        subject=incident,
        actor=actor,
        payload={"kind": entry.kind, "duty": entry.duty, "commitment": entry.commitment},
    )
    if entry.duty:
        finish_for_operator(TaskKind.REPORT, f"{incident}:{entry.duty}")
    if missing_duties(subject):
        finish_for_operator(TaskKind.REPORT, incident)
    else:
        _ask_to_attend(subject)
    return subject


@record_refusals()
def close_incident(*, actor: Actor, incident: str, conclusion: str) -> Incident:
    """Close an incident, which takes two people, once each report that law demands is recorded. Emits incident.moved.

    Raises SecondPersonNeeded, IncidentClosed, ReportsMissing, Recused, FieldInvalid, Missing, PermissionNeeded, ProofNeeded,
    Forbidden.
    """
    actor.require(Permission.SUPPORT_WRITE)
    actor.require_person()
    subject = _locked(incident)
    concerned = list(subject.concerns.values_list("organisation_id", "organisation_identifier"))
    require_unrelated(actor, *(key for key, _ in concerned))
    text = stated_text("conclusion", conclusion, TEXT_LENGTH_MAX)
    if missing := missing_duties(subject):
        raise ReportsMissing(incident=incident, missing=", ".join(missing))
    approval = require_two_people(
        actor=actor,
        permission=Permission.SUPPORT_WRITE,
        organisation=actor.organisation or "",
        command="oversight.close_incident",
        subject=incident,
        payload={"conclusion": text},
        expires_in=APPROVED_WITHIN,
        barred=related_to(*(key for key, _ in concerned)),
    )
    subject.closed_at, subject.closed_by = clock.now(), actor.identifier
    subject.closed_first, subject.conclusion = approval.first_person, text
    subject.save(update_fields=["closed_at", "closed_by", "closed_first", "conclusion"])
    record(
        kind="oversight.incident_closed",
        subject=incident,
        actor=actor,
        payload={
            "first_person": approval.first_person,
            "conclusion_commitment": commitment_to(subject.salt, text),
        },
    )
    finish_for_operator(TaskKind.REPORT, incident)
    wording = texts.CLOSED.fill(incident=incident)
    send_notices(subject=incident, wordings={key: wording for key, _ in concerned})
    for _, identifier in concerned:
        emit(IncidentMoved(incident=incident, organisation=identifier, kind=subject.kind, change="closed"))
    return subject


def _concerned(actor: Actor, organisations: Sequence[str]) -> list[OrganisationView]:
    """The participants that are named; of a participant, itself. Raises FieldInvalid, Missing."""
    if actor.role is Role.PARTICIPANT:
        if set(organisations) - {actor.organisation}:
            raise FieldInvalid(
                "organisations",
                Label(
                    "leave it out: it is about your own data",
                    "自組織のデータに限ります。指定しないでください",
                ),
            )
        return [get_organisation(actor.organisation or "")]
    found = get_organisations(list(dict.fromkeys(organisations)))
    if any(party.is_operator for party in found):
        raise FieldInvalid(
            "organisations",
            Label("name participants, not the operator", "運営者ではなく参加者を指定してください"),
        )
    return found


def _require_room(organisation_id: int) -> None:
    """Raise TooManyOpen for a participant with so many incidents that the operator has not closed."""
    lock_organisation(organisation_id)
    waiting = Incident.objects.filter(organisation_id=organisation_id, closed_at=None)
    if waiting.count() >= OPEN_MAX:
        raise TooManyOpen(open_max=OPEN_MAX)


def _checked_duties(
    incident: Incident, ground: str, persons: int, known_at: datetime, *, at: datetime
) -> list[law.Due]:
    """What law demands of an incident that is assessed so. Raises FieldInvalid."""
    if known_at > at:
        raise FieldInvalid(
            "known_at", Label("choose a moment that has passed", "過去の時点を指定してください")
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


def _assess(
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
        _ask_to_attend(incident)


def _ask_to_attend(incident: Incident) -> None:
    """The operator has a task for an incident that needs no report, or none any more, until it is closed."""
    ask_operator(TaskKind.REPORT, incident.public_id, title=texts.ATTEND_TO, incident=incident.public_id)


def _tell(actor: Actor, incident: Incident, concerned: Sequence[OrganisationView]) -> None:
    """Name participants whom the incident concerns, and tell those that were not told. Raises TooManyConcerned."""
    known = set(incident.concerns.values_list("organisation_id", flat=True))
    fresh = [party for party in concerned if party.id not in known]
    if len(known) + len(fresh) > CONCERNED_MAX:
        raise TooManyConcerned(incident=incident.public_id, concerned_max=CONCERNED_MAX)
    now = clock.now()
    IncidentConcern.objects.bulk_create(
        IncidentConcern(
            incident=incident, organisation_id=party.id, organisation_identifier=party.public_id, told_at=now
        )
        for party in fresh
    )
    kinds: dict[str, Any] = dict(IncidentKind.choices)
    wording = texts.CONCERNED.fill(
        incident=incident.public_id,
        kind=kinds[incident.kind].as_dict(),
        data=incident.data,
    )
    for party in fresh:
        record(
            kind="oversight.incident_told",
            subject=incident.public_id,
            actor=actor,
            payload={"organisation": party.public_id},
        )
        emit(
            IncidentMoved(
                incident=incident.public_id, organisation=party.public_id, kind=incident.kind, change="told"
            )
        )
    add_parties(incident.public_id)
    send_notices(subject=incident.public_id, wordings={party.id: wording for party in fresh})


def _to_write(actor: Actor, incident: str) -> Incident:
    """The open incident, locked, for staff who may write. Raises IncidentClosed, Missing, PermissionNeeded."""
    actor.require(*STAFF)
    actor.require_person()
    return _locked(incident)


def _locked(incident: str) -> Incident:
    """The open incident, locked until the transaction ends; raises Missing, IncidentClosed."""
    found = Incident.objects.select_for_update(no_key=True).filter(public_id=incident).first()
    if found is None:
        raise Missing(kind="incident", identifier=incident)
    if found.closed_at is not None:
        raise IncidentClosed(incident=incident)
    return found
