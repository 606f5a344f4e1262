"""A command that takes two people is carried out when two people of one organisation gave it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NoReturn

from django.db import IntegrityError, transaction
from psycopg import errors as postgres_errors

from marketplace.events.schemas.approvals import ApprovalAsked, ApprovalEnded
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor, Role
from marketplace.kernel.aside import Loop
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import Forbidden, Missing
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance

from .errors import NotASecondPerson, SecondPersonNeeded
from .models import Approval
from .queries import visible_approvals
from .states import APPROVAL, FIRST_ACTS, MEMBER, SECOND_ACTS, ApprovalState

EXPIRED_A_SWEEP = 200
EXPIRED = Loop("approvals.expire")


class _FirstActsNoMore(Exception):  # not an error of the caller: the approval is asked anew
    """Who gave the command first has left, lost the role for it, or is barred from it."""


@dataclass(frozen=True)
class _Request:
    """One command as given; equal content has an equal ``digest``."""

    actor: Actor
    permission: Permission
    organisation: str
    command: str
    subject: str
    payload: Mapping[str, Any]
    expires_in: timedelta
    amount_minor: int | None
    currency: str
    public_id: str = field(default_factory=lambda: new_identifier("apv"))

    @property
    def digest(self) -> str:
        """SHA-256 over the content; amounts as text, because canonical JSON limits the size of numbers."""
        return digest_of(
            {
                "organisation": self.organisation,
                "permission": self.permission.value,
                "command": self.command,
                "subject": self.subject,
                "amount_minor": str(self.amount_minor),
                "currency": self.currency,
                "payload": dict(self.payload),
            }
        )


def require_two_people(
    *,
    actor: Actor,
    permission: Permission,
    organisation: str,
    command: str,
    subject: str,
    payload: Mapping[str, Any],
    expires_in: timedelta,
    amount_minor: int | None = None,
    currency: str = "",
    barred: Callable[[str], bool] | None = None,
) -> Approval:
    """Pass a command if another person of the actor's ``organisation`` has given exactly the same; returns the approval.

    Both need ``permission``. The pending approval of the other is completed in the transaction of the command; without one,
    raises SecondPersonNeeded, which records the pending approval for ``expires_in``. The first may be a program; the second
    is a natural person with a fresh proof of a second factor, neither the first nor who answers for it. If the first holds
    the permission no more, or is ``barred`` (asked with its identifier) since it gave the command, the actor becomes the first.

    Call it after the subject is locked and all other checks passed, in a service under ``record_refusals`` instead of
    ``transaction.atomic``. ``payload``: JSON with the exact content; a command with other content is another approval.
    Raises PermissionNeeded, ProofNeeded, NotASecondPerson, Forbidden for the system and for a program as the second, Missing
    for another organisation.
    """
    request = _checked(
        _Request(
            actor, permission, organisation, command, subject, payload, expires_in, amount_minor, currency
        )
    )
    pending = _pending(request)
    if pending is None or not _is_second(pending, actor):
        raise _second_person_needed(request, pending)
    try:
        if barred is not None and barred(pending.first_person):
            raise _FirstActsNoMore
        _approve(pending, actor)
    except _FirstActsNoMore:
        raise _second_person_needed(request, None, replaced=pending.public_id) from None
    return pending


def ask_colleague(
    *,
    actor: Actor,
    permission: Permission,
    organisation: str,
    command: str,
    subject: str,
    payload: Mapping[str, Any],
    expires_in: timedelta,
    amount_minor: int | None = None,
    currency: str = "",
    refusal: type[SecondPersonNeeded] = SecondPersonNeeded,
    **fields: Any,
) -> NoReturn:
    """Refuse a command that the actor may not give alone, and record that it asks a colleague to give it (稟議).

    For a command that another person may give without a second one, as ``answer_colleague`` says. Where a colleague has asked
    for the same, that approval stays. Raises ``refusal`` with its further ``fields``, and the errors of ``require_two_people``.
    """
    request = _checked(
        _Request(
            actor, permission, organisation, command, subject, payload, expires_in, amount_minor, currency
        )
    )
    raise _second_person_needed(request, _pending(request), refusal=refusal, **fields)


def answer_colleague(
    *,
    actor: Actor,
    permission: Permission,
    organisation: str,
    command: str,
    subject: str,
    payload: Mapping[str, Any],
    amount_minor: int | None = None,
    currency: str = "",
) -> Approval | None:
    """The approval that a colleague asked for with exactly this command, ended as approved by the actor; None without one.

    For a command that the actor may give alone. The actor is a person with a fresh proof. Raises ProofNeeded,
    NotASecondPerson, Forbidden.
    """
    request = _Request(
        actor, permission, organisation, command, subject, payload, timedelta(), amount_minor, currency
    )
    pending = _pending(request)
    if pending is None or not _is_second(pending, actor):
        return None
    _checked(request)
    try:
        _approve(pending, actor)
    except _FirstActsNoMore:
        return None
    return pending


def _checked(request: _Request) -> _Request:
    """The request, if its actor may give it for its organisation. Raises PermissionNeeded, ProofNeeded, Forbidden, Missing."""
    request.actor.require(request.permission)
    if request.actor.role is Role.SYSTEM:
        raise Forbidden(needed=Label("people of the organisation", "組織の担当者"))
    if request.actor.organisation != request.organisation:
        raise Missing(kind="organisation", identifier=request.organisation)
    return request


def _approve(pending: Approval, actor: Actor) -> None:
    """End it as approved by a person with a fresh proof. Raises _FirstActsNoMore, NotASecondPerson, ProofNeeded, Forbidden."""
    actor.require_person()
    actor.require_fresh_proof()
    with _guarded():
        _end(pending, actor, "approve", role=MEMBER)


def _is_second(pending: Approval, actor: Actor) -> bool:
    """Whether the actor is another than who gave the pending command first, in time."""
    return (
        actor.identifier not in (pending.first_person, pending.first_responsible)
        and pending.expires_at > clock.now()
    )


def _second_person_needed(
    request: _Request,
    pending: Approval | None,
    *,
    replaced: str = "",
    refusal: type[SecondPersonNeeded] = SecondPersonNeeded,
    **fields: Any,
) -> SecondPersonNeeded:
    """The refusal that records the request; ``replaced`` is the pending approval of a first person who acts no more."""
    expires_at = pending.expires_at if pending else clock.now() + request.expires_in
    return refusal(
        record=lambda: _record_request(request, replaced),
        command=request.command,
        approval=pending.public_id if pending else request.public_id,
        expires_at=expires_at.isoformat(),
        **fields,
    )


@contextmanager
def _guarded() -> Iterator[None]:
    """A savepoint: what the guard says of the two people becomes a refusal. Raises _FirstActsNoMore, NotASecondPerson."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        cause = error.__cause__
        if isinstance(cause, postgres_errors.CheckViolation):
            if cause.diag.constraint_name == FIRST_ACTS:
                raise _FirstActsNoMore from error
            if cause.diag.constraint_name == SECOND_ACTS:
                raise NotASecondPerson() from error
        raise


def _pending(request: _Request) -> Approval | None:
    return (
        Approval.objects.select_for_update(no_key=True)
        .filter(
            organisation=request.organisation,
            command=request.command,
            subject=request.subject,
            digest=request.digest,
            state=ApprovalState.PENDING,
        )
        .first()
    )


@transaction.atomic
def _record_request(request: _Request, replaced: str) -> dict[str, str]:
    """Return the pending approval of a request; make one if none is pending, it has expired or its first acts no more."""
    now = clock.now()
    pending = _pending(request)
    if pending is not None and (pending.expires_at <= now or pending.public_id == replaced):
        _end(pending, SYSTEM, "expire", role="system")
    approval, made = _pending_or_new(request, now)
    if made:
        _tell_asked(approval, request.actor)
    return {"approval": approval.public_id, "expires_at": approval.expires_at.isoformat()}


def _pending_or_new(request: _Request, now: datetime) -> tuple[Approval, bool]:
    """The pending approval of a request, and whether it was made now. Raises Forbidden for who lost the role meanwhile."""
    try:
        with _guarded():
            return Approval.objects.get_or_create(
                organisation=request.organisation,
                command=request.command,
                subject=request.subject,
                digest=request.digest,
                state=ApprovalState.PENDING,
                defaults={
                    "public_id": request.public_id,
                    "permission": request.permission.value,
                    "payload": dict(request.payload),
                    "amount_minor": request.amount_minor,
                    "currency": request.currency,
                    "first_person": request.actor.identifier,
                    "first_responsible": request.actor.responsible,
                    "asked_at": now,
                    "expires_at": now + request.expires_in,
                },
            )
    except _FirstActsNoMore:
        raise Forbidden(
            needed=Label("somebody who holds a role for this command", "この操作の役割を持つ担当者")
        ) from None


def _tell_asked(approval: Approval, actor: Actor) -> None:
    """Record as evidence, and emit, that a command waits for a second person."""
    record(
        kind="approvals.asked",
        subject=approval.public_id,
        actor=actor,
        payload={
            "organisation": approval.organisation,
            "permission": approval.permission,
            "command": approval.command,
            "of": approval.subject,
            "digest_commitment": commitment_to(approval.salt, approval.digest),
            "amount_minor": approval.amount_minor,
            "currency": approval.currency,
            "responsible": approval.first_responsible,
        },
    )
    emit(
        ApprovalAsked(
            approval=approval.public_id,
            organisation=approval.organisation,
            command=approval.command,
            of=approval.subject,
            amount_minor=approval.amount_minor,
            currency=approval.currency,
            expires_at=approval.expires_at.isoformat(),
        )
    )


@transaction.atomic
def withdraw_approval(*, actor: Actor, approval: str) -> Approval:
    """Withdraw a pending approval; idempotent. Its first person may, and whoever of the organisation may approve it.

    Raises IllegalTransition if it was carried out or has expired, Missing, PermissionNeeded, ProofNeeded.
    """
    seen = visible_approvals(actor).filter(public_id=approval)
    subject = seen.select_for_update(no_key=True).first()
    if subject is None:
        raise Missing(kind="approval", identifier=approval)
    if actor.identifier != subject.first_person:
        actor.require(Permission(subject.permission))
    if subject.state != ApprovalState.WITHDRAWN:
        _end(subject, actor, "withdraw", role=MEMBER)
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
        kind=f"approvals.{approval.state}",
        subject=approval.public_id,
        actor=actor,
        payload={
            "organisation": approval.organisation,
            "permission": approval.permission,
            "command": approval.command,
            "of": approval.subject,
            "digest_commitment": commitment_to(approval.salt, approval.digest),
            "first_person": approval.first_person,
            "ended_by": approval.ended_by,
            "proved_at": _moment(actor.proved_at),
        },
    )
    emit(ApprovalEnded(approval=approval.public_id, organisation=approval.organisation, state=approval.state))


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
