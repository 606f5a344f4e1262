"""The consultation desk: asked, withdrawn and answered, and every refusal of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.models import OutboxEvent
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded, ProofNeeded
from marketplace.notices.models import Task
from marketplace.oversight.consultations import services
from marketplace.oversight.consultations.errors import ConsultationOver, TooManyUnanswered
from marketplace.oversight.consultations.models import Consultation
from marketplace.oversight.consultations.queries import visible_consultations
from marketplace.participants.services import declare_interest
from tests.roles import unguarded

from .factories import (
    ANSWER,
    answered,
    asked,
    holds_everywhere,
    named,
    notices_of,
    open_tasks,
    recorded,
    refused,
)

pytestmark = pytest.mark.django_db


def test_a_question_is_answered_by_the_desk(owner, first, subject, stranger):
    row = asked(owner)
    assert list(open_tasks("consult").items()) == [(row.public_id, row.due_at)]
    done = answered(first, row)
    assert (done.outcome, done.is_binding, done.answered_by) == ("conditional", False, "usr_first")
    assert open_tasks("consult") == {}
    assert notices_of(subject) == [row.public_id]
    assert recorded(row.public_id) == ["oversight.consultation_asked", "oversight.consultation_answered"]
    events = OutboxEvent.objects.filter(subject=row.public_id).order_by("pk")
    assert [event.data["change"] for event in events] == ["asked", "answered"]
    assert list(visible_consultations(owner)) == [row]
    assert list(visible_consultations(stranger)) == []
    with pytest.raises(ConsultationOver):
        answered(first, row)
    with pytest.raises(ConsultationOver):
        services.withdraw_question(actor=owner, consultation=row.public_id)
    assert holds_everywhere()


def test_an_answer_that_binds_the_operator_takes_two_people(owner, first, second):
    row = asked(owner)
    with pytest.raises(SecondPersonNeeded):
        answered(first, row, is_binding=True)
    row.refresh_from_db()
    assert (row.outcome, row.answered_at) == ("", None)
    done = answered(second, row, is_binding=True)
    assert (done.first_person, done.answered_by, done.is_binding) == ("usr_first", "usr_second", True)
    assert holds_everywhere()


def test_a_question_is_withdrawn_by_its_own_participant(owner, stranger, first):
    row = asked(owner)
    for actor, error in ((stranger, Missing), (first, Missing)):
        with pytest.raises(error):
            services.withdraw_question(actor=actor, consultation=row.public_id)
    services.withdraw_question(actor=owner, consultation=row.public_id)
    assert open_tasks("consult") == {}
    with pytest.raises(ConsultationOver):
        answered(first, row)
    assert holds_everywhere()


def test_who_may_not_asks_and_answers_nothing(owner, first, stranger):
    for actor, error in (
        (first, Forbidden),
        (replace(owner, permissions=frozenset()), PermissionNeeded),
        (replace(owner, proved_at=clock.real_now() - timedelta(minutes=11)), ProofNeeded),
        (replace(owner, identifier="app_program"), Forbidden),
    ):
        with pytest.raises(error):
            asked(actor)
    assert Consultation.objects.count() == 0
    row = asked(owner)
    with pytest.raises(Missing):
        asked(stranger, follows=row.public_id)
    for actor in (owner, stranger):
        with pytest.raises(PermissionNeeded):
            answered(actor, row)
    for changes, field in (({"outcome": "maybe"}, "outcome"), ({"answer": " "}, "answer")):
        with pytest.raises(FieldInvalid) as refusal:
            answered(first, row, **changes)
        assert refusal.value.name == field
    row.refresh_from_db()
    assert (row.answered_at, Consultation.objects.count()) == (None, 1)


def test_a_participant_does_not_fill_the_desk(owner, monkeypatch):
    monkeypatch.setattr(services, "UNANSWERED_MAX", 2)
    row = asked(owner)
    assert asked(owner, follows=row.public_id).follows == row
    with pytest.raises(TooManyUnanswered):
        asked(owner)
    assert Consultation.objects.count() == 2


def test_the_database_refuses_what_nobody_may_answer(owner, first, stranger, subject, other):
    row = asked(owner)
    answer = (
        "UPDATE oversight_consultation SET answered_at = public.business_now(), outcome = 'possible', answer = 'x',"
        " answer_commitment = encode(sha256(convert_to(salt || E'\\nx', 'UTF8')), 'hex'), answered_by = {},"
        " first_person = {}, is_binding = {}"
    )
    for values, because in (
        (("'usr_owner'", "''", "false"), "no natural person of the operator"),
        (("'usr_first'", "''", "true"), "consultation_bound_by_two"),
        (("'usr_first'", "'usr_first'", "true"), "consultation_bound_by_two"),
        (("'usr_first'", "'usr_owner'", "true"), "no natural person of the operator"),
    ):
        refused(answer.format(*values), because)
    refused(
        answer.format("'usr_first'", "''", "false").replace("answer = 'x'", "answer = 'y'"), "is not the hash"
    )
    refused("UPDATE oversight_consultation SET question = 'x'", "cannot be changed|is not the hash")
    refused("DELETE FROM oversight_consultation", "are kept")
    copy = """
        INSERT INTO oversight_consultation (public_id, organisation_id, asked_by, matter, subject, question, follows_id, asked_at,
            due_at, salt, commitment, outcome, answer, answer_commitment, is_binding, first_person, answered_by)
        SELECT 'csl_raw', {}, {}, matter, '', question, {}, public.business_now(), public.business_now() + interval '1 day',
               salt, commitment, '', '', '', false, '', '' FROM oversight_consultation
    """
    refused(copy.format(subject.pk, "'usr_stranger'", "NULL"), "nobody who may write this")
    refused(copy.format(other.pk, "'usr_stranger'", row.pk), "follows no question")
    answered(first, row)
    refused("UPDATE oversight_consultation SET outcome = 'possible'", "answered or withdrawn once")
    assert named("oversight.consultation_people") == 0
    with unguarded("oversight_consultation"):
        Consultation.objects.update(answered_by="usr_made_up")
    assert named("oversight.consultation_people") == 1


def test_the_database_lets_nobody_related_answer(owner, first, second, subject):
    row = asked(owner)
    declare_interest(
        actor=first, organisation=subject.public_id, kind="family", statement="親族が勤務しています。"
    )
    answer = (
        "UPDATE oversight_consultation SET answered_at = public.business_now(), outcome = 'possible', answer = 'x',"
        " answer_commitment = encode(sha256(convert_to(salt || E'\nx', 'UTF8')), 'hex'), answered_by = '{}',"
        " first_person = '{}', is_binding = {}"
    )
    for values in (("usr_first", "", "false"), ("usr_second", "usr_first", "true")):
        refused(answer.format(*values), "declared an interest")
    clock.move_to(clock.now() + timedelta(minutes=1))
    answered(second, row)
    assert named("oversight.consultation_people") == 0
    with unguarded("oversight_consultation"):
        Consultation.objects.update(answered_by="usr_first")
    assert named("oversight.consultation_people") == 1


def test_a_question_without_a_task_is_named(owner):
    asked(owner)
    assert named("oversight.consultations_attended") == 0
    with unguarded("notices_task"):
        Task.objects.filter(kind="consult").update(subject="x")
    assert named("oversight.consultations_attended") == 1


def test_the_answer_is_due_within_the_business_days_of_the_rulebook(owner):
    row = asked(owner)
    assert row.due_at > row.asked_at + timedelta(days=12)
    assert ANSWER["answer"] not in row.answer
