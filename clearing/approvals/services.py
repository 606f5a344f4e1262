"""Second-person control: a command on a large amount is carried out when two people of the operator gave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum

from marketplace.events.schemas.clearing import ApprovalAsked, ApprovalEnded
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor, Role
from marketplace.kernel.aside import Loop
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.errors import Forbidden, Missing
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.states import advance

from ..ground.parameters import second_person_hours, second_person_minor
from .errors import SecondPersonNeeded
from .locks import COMMAND_LOCK
from .models import Approval, MoneyCommand
from .states import APPROVAL, ApprovalState

EXPIRED_A_SWEEP = 200
EXPIRED = Loop("clearing.expire_approvals")


@dataclass(frozen=True)
class _Request:
    """One command as given; equal content has an equal ``digest``."""

    actor: Actor
    command: str
    subject: str
    payee: str
    amount_minor: int | None
    currency: str
    payload: Mapping[str, Any]
    public_id: str = field(default_factory=lambda: new_identifier("apv"))

    @property
    def digest(self) -> str:
        """SHA-256 over the content; amounts as text, because canonical JSON limits the size of numbers."""
        return digest_of(
            {
                "command": self.command,
                "subject": self.subject,
                "payee": self.payee,
                "amount_minor": str(self.amount_minor),
                "currency": self.currency,
                "payload": dict(self.payload),
            }
        )


def require_second_person(
    *,
    actor: Actor,
    command: str,
    subject: str,
    payee: str,
    amount_minor: int,
    currency: str,
    payload: Mapping[str, Any],
    always: bool = False,
) -> Approval | None:
    """Pass a command on money if its amount is small or another person has given exactly the same command.

    ``payee``: public identifier of the organisation whose money grows or whose debt shrinks by it; empty where one
    command pays several. An amount is small if it stays, with what was given alone for the payee by such commands on the
    business day, below the rulebook's ``second_person_minor`` (default: a million). With ``always`` no amount is small.
    Commands of the system follow the rules and pass. Otherwise the pending approval of another is completed in the
    transaction of the command and returned; without one, raises SecondPersonNeeded, which records the pending approval.
    A program may be the first, never the second: raises Forbidden. Who answers for the first is the same person.

    Call it after the subject is locked and all other checks passed, in a service under ``record_refusals`` instead of
    ``transaction.atomic``. ``payload``: JSON with the exact content; a command with other content is another approval.
    """
    if actor.role is Role.SYSTEM:
        return None
    request = _Request(actor, command, subject, payee, amount_minor, currency, payload)
    approval = None
    if always or _given_alone_minor(request) + amount_minor >= second_person_minor():
        approval = _approve(request)
    MoneyCommand.objects.create(
        command=command,
        subject=subject,
        payee=payee,
        amount_minor=amount_minor,
        currency=currency,
        given_by=actor.identifier,
        approval=approval,
        given_on=clock.today(),
        given_at=clock.now(),
    )
    return approval


def require_two_people_to_pay(*, actor: Actor, **stated: Any) -> Approval:
    """Pass a command on money that takes two people for any amount; returns the approval. The system never gives it.

    ``stated``, raises and records as ``require_second_person``; raises Forbidden for the system.
    """
    approval = require_second_person(actor=actor, always=True, **stated)
    if approval is None:
        raise Forbidden(needed=Label("people of the operator", "運営者の担当者"))
    return approval


def require_two_people(*, actor: Actor, command: str, subject: str, payload: Mapping[str, Any]) -> Approval:
    """Pass a command without an amount if another person has given exactly the same; returns the approval.

    For what weakens a control. Raises and records as ``require_second_person``.
    """
    return _approve(_Request(actor, command, subject, "", None, "", payload))


def _given_alone_minor(request: _Request) -> int:
    """What people gave alone today for the payee by commands of this kind; no other is counted until this one ends."""
    today = clock.today()
    COMMAND_LOCK.acquire_for(f"{request.command}:{request.payee}:{request.currency}:{today.isoformat()}")
    given = MoneyCommand.objects.filter(
        command=request.command,
        payee=request.payee,
        currency=request.currency,
        given_on=today,
        approval=None,
    )
    return int(given.aggregate(total=Sum("amount_minor"))["total"] or 0)


def _approve(request: _Request) -> Approval:
    """Complete the pending approval of another; raises SecondPersonNeeded without one, Forbidden for a program."""
    actor = request.actor
    pending = _pending(request)
    if (
        pending is None
        or actor.identifier in (pending.first_person, pending.first_responsible)
        or pending.expires_at <= clock.now()
    ):
        raise SecondPersonNeeded(
            record=lambda: _record_request(request),
            command=request.command,
            approval=pending.public_id if pending else request.public_id,
            expires_at=(pending.expires_at if pending else _expiry(clock.now())).isoformat(),
        )
    actor.require_person()
    _end(pending, actor, "approve", role="operator")
    return pending


def _pending(request: _Request) -> Approval | None:
    return (
        Approval.objects.select_for_update(no_key=True)
        .filter(
            command=request.command,
            subject=request.subject,
            digest=request.digest,
            state=ApprovalState.PENDING,
        )
        .first()
    )


def _expiry(asked_at: datetime) -> datetime:
    return asked_at + timedelta(hours=second_person_hours())


@transaction.atomic
def _record_request(request: _Request) -> dict[str, str]:
    """Return the pending approval of a request; make one if none is pending or it has expired."""
    now = clock.now()
    pending = _pending(request)
    if pending is not None and pending.expires_at <= now:
        _end(pending, SYSTEM, "expire", role="system")
    approval, made = Approval.objects.get_or_create(
        command=request.command,
        subject=request.subject,
        digest=request.digest,
        state=ApprovalState.PENDING,
        defaults={
            "public_id": request.public_id,
            "payload": dict(request.payload),
            "amount_minor": request.amount_minor,
            "currency": request.currency,
            "first_person": request.actor.identifier,
            "first_responsible": request.actor.responsible,
            "asked_at": now,
            "expires_at": _expiry(now),
        },
    )
    if made:
        record(
            kind="clearing.approval_asked",
            subject=approval.public_id,
            actor=request.actor,
            payload={
                "command": approval.command,
                "of": approval.subject,
                "digest": approval.digest,
                "amount_minor": approval.amount_minor,
                "currency": approval.currency,
            },
        )
        emit(
            ApprovalAsked(
                approval=approval.public_id,
                command=approval.command,
                of=approval.subject,
                amount_minor=approval.amount_minor,
                currency=approval.currency,
                expires_at=approval.expires_at.isoformat(),
            )
        )
    return {"approval": approval.public_id, "expires_at": approval.expires_at.isoformat()}


@transaction.atomic
def withdraw_approval(*, actor: Actor, approval: str) -> Approval:
    """Withdraw a pending approval; idempotent. Its first person may, and any other person of the operator.

    Raises IllegalTransition if it was carried out or has expired, Missing, Forbidden.
    """
    actor.require_operator()
    subject = Approval.objects.select_for_update(no_key=True).filter(public_id=approval).first()
    if subject is None:
        raise Missing(kind="approval", identifier=approval)
    if subject.state != ApprovalState.WITHDRAWN:
        _end(subject, actor, "withdraw", role="operator")
    return subject


def expire_approvals(*, actor: Actor = SYSTEM) -> int:
    """Expire approvals that were not countersigned in time, each in its own transaction; returns how many."""
    overdue = (
        Approval.objects.filter(state=ApprovalState.PENDING, expires_at__lte=clock.now())
        .exclude(public_id__in=EXPIRED.standing_aside())
        .order_by("pk")
        .values_list("public_id", flat=True)[:EXPIRED_A_SWEEP]
    )
    return EXPIRED.each(overdue, lambda approval: _expire(approval, actor))


@transaction.atomic
def _expire(public_id: str, actor: Actor) -> bool:
    approval = (
        Approval.objects.select_for_update(no_key=True, skip_locked=True)
        .filter(public_id=public_id, state=ApprovalState.PENDING)
        .first()
    )
    if approval is None:
        return False
    _end(approval, actor, "expire", role="system")
    return True


def _end(approval: Approval, actor: Actor, command: str, *, role: str) -> None:
    advance(approval, APPROVAL, command=command, role=role, ended_by=actor.identifier, ended_at=clock.now())
    record(
        kind=f"clearing.approval_{approval.state}",
        subject=approval.public_id,
        actor=actor,
        payload={
            "command": approval.command,
            "of": approval.subject,
            "digest": approval.digest,
            "first_person": approval.first_person,
            "ended_by": approval.ended_by,
        },
    )
    emit(ApprovalEnded(approval=approval.public_id, state=approval.state))
