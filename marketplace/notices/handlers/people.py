"""Event handlers about people and programs: their organisation is told, and has tasks for what waits for somebody."""

from __future__ import annotations

from typing import cast

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.members import (
    LoginChanged,
    LoginReleaseProposed,
    MemberChanged,
    MemberJoined,
    ProgramChanged,
    SecondOwnerEnded,
    SecondOwnerNeeded,
)
from marketplace.kernel.labels import Label
from marketplace.participants.people_queries import (
    live_program_identifiers,
    person_of_member,
    programs_without_ground,
)
from marketplace.participants.queries import OrganisationView, get_organisation
from marketplace.participants.states import MemberRole

from .. import people_texts
from ..formats import parse_instant
from ..operator_tasks import ask_for_trustee, ask_operator, finish_for_operator
from ..services import close_tasks, open_task, send_notice
from ..states import TaskKind
from ..texts import TASK_TITLES, fill_label


def on_member_joined(event: MemberJoined, envelope: Envelope) -> None:
    """Tell the organisation who joined it."""
    wording = people_texts.JOINED.fill(person=person_of_member(event.member), member=event.member)
    send_notice(
        organisation_id=get_organisation(event.organisation).id, subject=event.member, wording=wording
    )


def on_member_changed(event: MemberChanged, envelope: Envelope) -> None:
    """Tell the organisation, and open tasks for programs that stopped with the person's roles, and for a trustee who left."""
    party = get_organisation(event.organisation)
    role = cast(Label, MemberRole(event.role).label).as_dict() if event.role else ""
    wording = people_texts.CHANGED[event.change].fill(
        person=person_of_member(event.member), member=event.member, role=role, by=event.by
    )
    send_notice(organisation_id=party.id, subject=event.member, wording=wording)
    ask_for_trustee(party)
    _close_answered(party)
    _ask_who_answers(party)


def on_second_owner_needed(event: SecondOwnerNeeded, envelope: Envelope) -> None:
    """Open the task of the organisation's other owners."""
    title = fill_label(
        TASK_TITLES[TaskKind.SECOND],
        subject=event.matter,
        change=people_texts.WAITING[event.change].as_dict(),
    )
    open_task(
        organisation_id=get_organisation(event.organisation).id,
        kind=TaskKind.SECOND,
        subject=event.matter,
        thread=event.matter,
        title=title,
    )


def on_second_owner_ended(event: SecondOwnerEnded, envelope: Envelope) -> None:
    """Close that task."""
    close_tasks(
        thread=event.matter, kinds=(TaskKind.SECOND,), done_by=get_organisation(event.organisation).id
    )


def on_program_changed(event: ProgramChanged, envelope: Envelope) -> None:
    """Tell the organisation; open and close its tasks about who answers for a program and when its secret ends."""
    party = get_organisation(event.organisation)
    if event.change == "expiring":
        open_task(
            organisation_id=party.id,
            kind=TaskKind.RENEW,
            subject=event.program,
            thread=event.program,
            title=fill_label(TASK_TITLES[TaskKind.RENEW], program=event.program),
            deadline=parse_instant(event.expires_at),
        )
        return
    wording = people_texts.PROGRAM[event.change].fill(program=event.program)
    send_notice(organisation_id=party.id, subject=event.program, wording=wording)
    if event.change in {"rotated", "revoked"}:
        close_tasks(thread=event.program, kinds=(TaskKind.RENEW,), done_by=party.id)
    if event.change == "revoked":
        close_tasks(thread=event.program, kinds=(TaskKind.TAKE_OVER,), done_by=party.id)
    _close_answered(party)
    _ask_who_answers(party)


def on_login_changed(event: LoginChanged, envelope: Envelope) -> None:
    """Tell the organisation what became of a member's login, and of the programs that stopped with it."""
    party = get_organisation(event.organisation)
    wording = people_texts.LOGIN[event.change].fill(
        person=person_of_member(event.member), member=event.member, cause=event.cause
    )
    send_notice(organisation_id=party.id, subject=event.cause, wording=wording)
    _ask_who_answers(party)
    _close_answered(party)


def on_login_release_proposed(event: LoginReleaseProposed, envelope: Envelope) -> None:
    """Open the operator's task to release a login as the second person, or close it."""
    if event.is_open:
        ask_operator(TaskKind.UNLOCK, event.lock, lock=event.lock)
    else:
        finish_for_operator(TaskKind.UNLOCK, event.lock)


def _close_answered(party: OrganisationView) -> None:
    """Close the tasks about programs that do again what they should."""
    without = set(programs_without_ground(party.public_id))
    for program in live_program_identifiers(party.public_id):
        if program not in without:
            close_tasks(thread=program, kinds=(TaskKind.TAKE_OVER,), done_by=party.id)


def _ask_who_answers(party: OrganisationView) -> None:
    """Open a task for each program that does less than it should, because of the person who answers for it."""
    for program in programs_without_ground(party.public_id):
        open_task(
            organisation_id=party.id,
            kind=TaskKind.TAKE_OVER,
            subject=program,
            thread=program,
            title=fill_label(TASK_TITLES[TaskKind.TAKE_OVER], program=program),
        )
