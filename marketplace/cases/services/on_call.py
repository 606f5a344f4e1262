"""Publish who is on call, withdraw turns, and ask for people where too few are."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.notices.operator_tasks import ask_operator, finish_for_operator
from marketplace.notices.states import TaskKind
from marketplace.participants.queries import acts_for_operator, lock_organisation

from ..errors import TurnOver, TurnStands
from ..on_call import LATE_MAX, TAKES, TURN_MAX, Duty
from ..on_call_models import OnCallTurn
from ..on_call_queries import next_gap
from ..texts import DUTY_WORDS


@transaction.atomic
def publish_turn(*, actor: Actor, duty: str, person: str, since: datetime, until: datetime) -> OnCallTurn:
    """Publish, as an owner of the operator, that a person is on call for a duty from ``since`` until ``until``.

    Raises TurnStands, FieldInvalid, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ORGANISATION_WRITE)
    actor.require_operator()
    actor.require_person()
    if duty not in TAKES:
        known = ", ".join(TAKES)
        raise FieldInvalid("duty", Label(f"choose one of {known}", f"{known} から選んでください"))
    if not acts_for_operator(person, TAKES[duty]):
        raise FieldInvalid(
            "person",
            Label(
                f"name a person of the operator who holds {TAKES[duty]}",
                f"{TAKES[duty]} の権限を持つ運営者の担当者を指定してください",
            ),
        )
    if since < clock.now() - LATE_MAX:
        raise FieldInvalid(
            "since",
            Label(
                "a turn begins when it is published, or later",
                "当番の開始には、現在以降の時刻を指定してください",
            ),
        )
    if not max(since, clock.now()) < until <= since + TURN_MAX:
        raise FieldInvalid(
            "until",
            Label(
                f"state a later moment that is to come, at most {TURN_MAX.days} days after since",
                f"since より後の将来の時刻を、{TURN_MAX.days}日以内で指定してください",
            ),
        )
    lock_organisation(actor.require_organisation())
    stated = {"duty": duty, "person": person, "since": since, "until": until}
    if same := OnCallTurn.objects.filter(**stated, withdrawn_at=None).first():
        raise TurnStands(turn=same.public_id)
    turn = OnCallTurn.objects.create(**stated, stated_by=actor.identifier, stated_at=clock.now())
    record(
        kind="cases.on_call_published",
        subject=turn.public_id,
        actor=actor,
        payload={
            "duty": duty,
            "person": person,
            "since": since.isoformat(),
            "until": until.isoformat(),
        },
    )
    ask_for_people(duty)
    return turn


@transaction.atomic
def withdraw_turn(*, actor: Actor, turn: str) -> OnCallTurn:
    """Withdraw a turn that is not over, as an owner of the operator. Raises TurnOver, Missing, PermissionNeeded, ProofNeeded."""
    actor.require(Permission.ORGANISATION_WRITE)
    actor.require_operator()
    actor.require_person()
    row = OnCallTurn.objects.select_for_update(no_key=True).filter(public_id=turn).first()
    if row is None:
        raise Missing(kind="turn", identifier=turn)
    now = clock.now()
    if row.withdrawn_at is not None or row.until <= now:
        raise TurnOver(turn=turn)
    row.withdrawn_by, row.withdrawn_at = actor.identifier, now
    row.save(update_fields=["withdrawn_by", "withdrawn_at"])
    record(kind="cases.on_call_withdrawn", subject=turn, actor=actor, payload={"duty": row.duty})
    ask_for_people(row.duty)
    return row


@transaction.atomic
def ask_for_people(duty: str) -> bool:
    """Keep the operator's task to name people for a duty open while too few are on call; returns whether it is."""
    gap = next_gap(duty)
    if gap is None:
        finish_for_operator(TaskKind.STAFF, duty)
        return False
    words = DUTY_WORDS[Duty(duty).value].as_dict()
    # A deadline that moved with the present would never pass.
    ask_operator(TaskKind.STAFF, duty, deadline=gap if gap > clock.now() else None, duty=words)
    return True
