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
from marketplace.kernel.identifiers import names_a_row, new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text
from marketplace.notices.operator_tasks import finish_for_operator
from marketplace.notices.services import send_notices
from marketplace.notices.states import TaskKind
from marketplace.participants.interest_queries import related_to, require_unrelated
from marketplace.participants.queries import (
    OrganisationView,
    get_organisation,
    get_organisations,
    lock_organisation,
    organisations_by_public_id,
)

from ..holds.queries import parties_of
from ..texts import choice_of
from . import texts
from .assessing import ask_to_attend, assess, checked_duties
from .errors import IncidentClosed, ReportsMissing, TooManyConcerned, TooManyOpen
from .models import MEMBER, STAFF, Incident, IncidentConcern, IncidentEntry
from .queries import is_dated_back, missing_duties, weakens
from .states import (
    ADDRESSEE_LENGTH_MAX,
    APPROVED_WITHIN,
    CONCERNED_MAX,
    DATA_LENGTH_MAX,
    KNOWN_DAYS_BACK,
    OPEN_MAX,
    TEXT_LENGTH_MAX,
    Duty,
    EntryKind,
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

    ``subject`` is the identifier of a row: its parties are concerned too. Staff names ``organisations``; a participant opens one about its own data alone. ``known_at`` is at most
    ``KNOWN_DAYS_BACK`` days back: two people date it further back (``assess_incident``). Opens a task for each report that law
    demands. Emits incident.moved for each participant. Raises TooManyOpen, Recused, FieldInvalid, Missing,
    PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(*([MEMBER] if actor.role is Role.PARTICIPANT else STAFF))
    actor.require_person()
    concerned = _concerned(actor, organisations)
    matter = _checked_subject(subject.strip())
    require_unrelated(actor, *_parties_of(matter))
    if actor.role is Role.PARTICIPANT:
        _require_room(actor.require_organisation())
    incident = Incident(
        public_id=new_identifier("inc"),
        kind=choice_of("kind", kind, IncidentKind.values),
        data=stated_text("data", data, DATA_LENGTH_MAX),
        description=stated_text("description", description, TEXT_LENGTH_MAX),
        subject=matter,
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
    if is_dated_back(incident, known_at):
        raise FieldInvalid(
            "known_at",
            Label(
                f"choose a moment of the last {KNOWN_DAYS_BACK} days; two people of the operator date it further back afterwards",
                f"過去{KNOWN_DAYS_BACK}日以内の時点を指定してください。それより前の時点は、登録後に運営者の2名が指定します",
            ),
        )
    due = checked_duties(incident, ground, persons, known_at, at=incident.opened_at)
    assess(actor, incident, ground, persons, known_at, due, at=incident.opened_at)
    _tell(actor, incident, concerned, at=incident.opened_at)
    if actor.role is Role.PARTICIPANT:
        ask_to_attend(incident)
    return incident


@record_refusals()
def assess_incident(
    *, actor: Actor, incident: str, ground: str, persons: int, known_at: datetime
) -> Incident:
    """State anew on which ground an incident is reported, of how many persons, and when that was known.

    The deadlines of the law count from that day; earlier assessments stay on record. What drops a report that the one before
    demands, makes it due later, or dates the knowing long before the registration, takes two people. Raises SecondPersonNeeded, IncidentClosed, Recused, FieldInvalid, Missing,
    PermissionNeeded, ProofNeeded, Forbidden.
    """
    subject = _to_write(actor, incident)
    now = clock.now()
    due = checked_duties(subject, ground, persons, known_at, at=now)
    first = ""
    if weakens(subject, due) or is_dated_back(subject, known_at):
        first = require_two_people(
            actor=actor,
            permission=Permission.SUPPORT_WRITE,
            organisation=actor.organisation or "",
            command="oversight.assess_incident",
            subject=incident,
            payload={"ground": ground, "persons": persons, "known_at": known_at.isoformat()},
            expires_in=APPROVED_WITHIN,
            barred=related_to(*_parties(subject)),
        ).first_person
    assess(actor, subject, ground, persons, known_at, due, at=now, first_person=first)
    return subject


@transaction.atomic
def name_concerned(*, actor: Actor, incident: str, organisations: Sequence[str]) -> Incident:
    """Name further participants whom an incident concerns, and tell them. Emits incident.moved for each.

    Raises IncidentClosed, TooManyConcerned, Recused, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    subject = _to_write(actor, incident)
    _tell(actor, subject, _concerned(actor, organisations), at=clock.now())
    return subject


@transaction.atomic
def write_entry(
    *, actor: Actor, incident: str, kind: str, text: str, duty: str = "", addressee: str = ""
) -> Incident:
    """Write what was done about an incident, or which report was made to whom.

    A report with its ``duty`` ends the task for it; after the last one the task is to close the incident. Raises IncidentClosed, Recused, FieldInvalid, Missing, PermissionNeeded,
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
        ask_to_attend(subject)
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
    parties = _parties(subject)
    require_unrelated(actor, *parties)
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
        barred=related_to(*parties),
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


def _tell(actor: Actor, incident: Incident, concerned: Sequence[OrganisationView], *, at: datetime) -> None:
    """Name participants whom the incident concerns, and tell those that were not told. Raises TooManyConcerned, Recused."""
    require_unrelated(actor, *(party.id for party in concerned))
    known = set(incident.concerns.values_list("organisation_id", flat=True))
    fresh = [party for party in concerned if party.id not in known]
    if len(known) + len(fresh) > CONCERNED_MAX:
        raise TooManyConcerned(incident=incident.public_id, concerned_max=CONCERNED_MAX)
    IncidentConcern.objects.bulk_create(
        IncidentConcern(
            incident=incident,
            organisation_id=party.id,
            organisation_identifier=party.public_id,
            told_by=actor.identifier,
            told_at=at,
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
    """The open incident, locked, for staff who may write. Raises IncidentClosed, Recused, Missing, PermissionNeeded."""
    actor.require(*STAFF)
    actor.require_person()
    found = _locked(incident)
    require_unrelated(actor, *_parties(found))
    return found


def _parties(incident: Incident) -> list[int]:
    """The participants whom an incident concerns (database keys): who is named, and the parties of its subject."""
    return [*incident.concerns.values_list("organisation_id", flat=True), *_parties_of(incident.subject)]


def _parties_of(subject: str) -> list[int]:
    """The organisations (database keys) whose a row is that an incident names; none without a subject."""
    found = organisations_by_public_id(parties_of(subject)) if subject else {}
    return [party.id for party in found.values()]


def _checked_subject(subject: str) -> str:
    """The subject, which is empty or the identifier of a row. Raises FieldInvalid."""
    if subject and not names_a_row(subject):
        raise FieldInvalid(
            "subject",
            Label(
                "nothing has this identifier; name an organisation, listing, agreement or another row, or leave it out",
                "この識別子は存在しません。組織・出品・契約などの識別子を指定するか、省略してください",
            ),
        )
    return subject


def _locked(incident: str) -> Incident:
    """The open incident, locked until the transaction ends; raises Missing, IncidentClosed."""
    found = Incident.objects.select_for_update(no_key=True).filter(public_id=incident).first()
    if found is None:
        raise Missing(kind="incident", identifier=incident)
    if found.closed_at is not None:
        raise IncidentClosed(incident=incident)
    return found
