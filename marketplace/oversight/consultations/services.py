"""Ask the consultation desk, withdraw a question, and answer it."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.db import transaction

from marketplace.approvals.services import require_two_people
from marketplace.events.schemas.oversight import ConsultationMoved
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.calendars import BusinessCalendar
from marketplace.kernel.commitments import commitment_to, new_salt
from marketplace.kernel.errors import Forbidden, Missing
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.parameters import parameter
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text
from marketplace.notices.operator_tasks import ask_operator, finish_for_operator
from marketplace.notices.services import send_notice
from marketplace.notices.states import TaskKind
from marketplace.participants.interest_queries import related_to, require_unrelated
from marketplace.participants.queries import get_organisation, lock_organisation

from ..texts import choice_of
from . import texts
from .errors import ConsultationOver, TooManyUnanswered
from .models import MEMBER, STAFF, Consultation
from .states import APPROVED_WITHIN, TEXT_LENGTH_MAX, UNANSWERED_MAX, Answer, Matter


@transaction.atomic
def ask_beforehand(
    *, actor: Actor, matter: str, question: str, subject: str = "", follows: str = ""
) -> Consultation:
    """Ask whether data may be made or traded, before it is; the operator has a task with the deadline of the rulebook.

    ``follows``: an earlier question of the same participant. Emits consultation.moved. Raises TooManyUnanswered,
    FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(MEMBER)
    actor.require_person()
    if actor.role is not Role.PARTICIPANT:
        raise Forbidden(needed=Label("a participant", "参加者"))
    own = actor.require_organisation()
    lock_organisation(own)
    waiting = Consultation.objects.filter(organisation=own, answered_at=None, withdrawn_at=None)
    if waiting.count() >= UNANSWERED_MAX:
        raise TooManyUnanswered(unanswered_max=UNANSWERED_MAX)
    earlier = None
    if follows:
        earlier = Consultation.objects.filter(public_id=follows, organisation=own).first()
        if earlier is None:
            raise Missing(kind="consultation", identifier=follows)
    row = Consultation(
        public_id=new_identifier("csl"),
        organisation_id=own,
        asked_by=actor.identifier,
        matter=choice_of("matter", matter, Matter.values),
        subject=subject.strip(),
        question=stated_text("question", question, TEXT_LENGTH_MAX),
        follows=earlier,
        asked_at=clock.now(),
        due_at=_due_at(),
        salt=new_salt(),
    )
    row.commitment = commitment_to(row.salt, row.question)
    row.save(force_insert=True)
    record(
        kind="oversight.consultation_asked",
        subject=row.public_id,
        actor=actor,
        payload={"matter": row.matter, "commitment": row.commitment},
    )
    ask_operator(
        TaskKind.CONSULT,
        row.public_id,
        deadline=row.due_at,
        party=get_organisation(actor.organisation or "").name,
        consultation=row.public_id,
    )
    _emit(row, "asked")
    return row


@transaction.atomic
def withdraw_question(*, actor: Actor, consultation: str) -> Consultation:
    """Withdraw a question before it is answered. Emits consultation.moved.

    Raises ConsultationOver, Missing, PermissionNeeded, ProofNeeded.
    """
    actor.require(MEMBER)
    row = _locked(consultation)
    if actor.organisation_id != row.organisation_id:
        raise Missing(kind="consultation", identifier=consultation)
    _require_waiting(row)
    row.withdrawn_at = clock.now()
    row.save(update_fields=["withdrawn_at"])
    record(kind="oversight.consultation_withdrawn", subject=consultation, actor=actor, payload={})
    finish_for_operator(TaskKind.CONSULT, consultation)
    _emit(row, "withdrawn")
    return row


@record_refusals()
def answer_question(
    *, actor: Actor, consultation: str, outcome: str, answer: str, is_binding: bool
) -> Consultation:
    """Answer a question and tell the participant; an answer that binds the operator takes two people.

    Emits consultation.moved. Raises SecondPersonNeeded, ConsultationOver, Recused, FieldInvalid, Missing, PermissionNeeded,
    ProofNeeded, Forbidden.
    """
    actor.require(STAFF)
    actor.require_person()
    row = _locked(consultation)
    _require_waiting(row)
    require_unrelated(actor, row.organisation_id)
    stated: dict[str, Any] = {
        "outcome": choice_of("outcome", outcome, Answer.values),
        "answer": stated_text("answer", answer, TEXT_LENGTH_MAX),
    }
    first = ""
    if is_binding:
        first = require_two_people(
            actor=actor,
            permission=STAFF,
            organisation=actor.organisation or "",
            command="oversight.answer_question",
            subject=consultation,
            payload=stated,
            expires_in=APPROVED_WITHIN,
            barred=related_to(row.organisation_id),
        ).first_person
    row.outcome, row.answer = stated["outcome"], stated["answer"]
    row.is_binding, row.first_person = is_binding, first
    row.answered_by, row.answered_at = actor.identifier, clock.now()
    row.answer_commitment = commitment_to(row.salt, row.answer)
    row.save()
    record(
        kind="oversight.consultation_answered",
        subject=consultation,
        actor=actor,
        payload={
            "outcome": row.outcome,
            "is_binding": is_binding,
            "first_person": first,
            "commitment": row.answer_commitment,
        },
    )
    finish_for_operator(TaskKind.CONSULT, consultation)
    outcomes: dict[str, Any] = dict(Answer.choices)
    send_notice(
        organisation_id=row.organisation_id,
        subject=consultation,
        wording=texts.ANSWERED.fill(outcome=outcomes[row.outcome].as_dict(), consultation=consultation),
    )
    _emit(row, "answered")
    return row


def _due_at() -> datetime:
    """The end of the business day by which the desk answers."""
    days = parameter("consultation_business_days")
    day = BusinessCalendar().add_business_days(clock.today(), days)
    return datetime.combine(day, time(23, 59), tzinfo=clock.market_zone())


def _locked(consultation: str) -> Consultation:
    """The question, locked until the transaction ends; raises Missing."""
    rows = Consultation.objects.select_for_update(no_key=True, of=("self",)).select_related("organisation")
    found = rows.filter(public_id=consultation).first()
    if found is None:
        raise Missing(kind="consultation", identifier=consultation)
    return found


def _require_waiting(row: Consultation) -> None:
    if row.answered_at is not None or row.withdrawn_at is not None:
        raise ConsultationOver(consultation=row.public_id)


def _emit(row: Consultation, change: str) -> None:
    emit(
        ConsultationMoved(
            consultation=row.public_id,
            organisation=row.organisation.public_id,
            matter=row.matter,
            change=change,
            outcome=row.outcome,
        )
    )
