"""Suspend access for a time, stop it because a dispute was decided so, and resume it.

A suspension by the operator is for looking into something: everything stands still, what it takes is given back, and it ends by itself after
``SUSPENSION_DAYS_MAX``. A stop of use was decided: no time stands still, so the term, the inspection and the time to collect end as signed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from contracts.disputing.queries import is_stopped_for_breach
from contracts.plan import SUSPENSION_DAYS_MAX
from delivery.models import Entitlement
from delivery.states import (
    ENTITLEMENT,
    SUSPENSION_REASON_LENGTH_MAX,
    EntitlementState,
    LossCause,
)
from marketplace.approvals.services import require_two_people
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.states import advance
from marketplace.kernel.texts import stated_text
from marketplace.participants.interest_queries import related_to, require_unrelated

from .locking import Delivery, lock_delivery, lock_delivery_where
from .restitutions import give_back_access
from .telling import tell_lapsed, tell_resumed, tell_stopped, tell_suspended

RESUMED_WITHIN: Final = timedelta(hours=72)
STOPPED: Final = "異議の結果による停止 / stopped by the outcome of a dispute ({dispute})"
LAPSE: Final = Loop("delivery.lapse_suspensions")
BATCH: Final = 200


@transaction.atomic
def suspend_access(*, actor: Actor, entitlement: str, reason: str) -> Entitlement:
    """Suspend access, as the operator, until it is resumed, ``SUSPENSION_DAYS_MAX`` days at most; running downloads abort, and the term
    stands still.

    Both sides are told, and the people on call have a task to look at it. Who has declared an interest in either
    suspends none. Raises Recused, FieldInvalid, IllegalTransition.
    """
    actor.require(Permission.DISPUTES_WRITE)
    why = stated_text("reason", reason, SUSPENSION_REASON_LENGTH_MAX)
    subject = lock_delivery(entitlement=entitlement, actor=actor).entitlement
    require_unrelated(actor, subject.buyer_id, subject.seller_id)
    _suspend(subject, actor, why)
    record(
        kind="delivery.suspended",
        subject=subject.public_id,
        actor=actor,
        payload={
            "agreement": subject.agreement,
            "reason_commitment": commitment_to(subject.salt, subject.suspension_reason),
        },
    )
    tell_suspended(subject)
    return subject


def stop_access(delivery: Delivery, *, actor: Actor, dispute: str) -> bool:
    """Stop access that the caller has locked, because a dispute was decided so; False where it is stopped, or has ended.

    Access that the operator suspends meanwhile is given back what that took so far.
    """
    subject = delivery.entitlement
    why = STOPPED.format(dispute=dispute)
    if subject.state == EntitlementState.STARTED:
        _suspend(subject, actor, why, stopped_by=dispute)
    elif subject.state == EntitlementState.SUSPENDED and not subject.stopped_by:
        _give_back(delivery, actor)
        subject.suspension_reason, subject.suspended_at, subject.stopped_by = why, clock.now(), dispute
        subject.save(update_fields=["suspension_reason", "suspended_at", "stopped_by"])
    else:
        return False
    record(
        kind="delivery.stopped",
        subject=subject.public_id,
        actor=actor,
        payload={"agreement": subject.agreement, "dispute": dispute},
    )
    tell_stopped(subject)
    return True


def _suspend(subject: Entitlement, actor: Actor, reason: str, *, stopped_by: str = "") -> None:
    advance(
        subject,
        ENTITLEMENT,
        command="suspend",
        role="operator",
        suspension_reason=reason,
        suspended_at=clock.now(),
        stopped_by=stopped_by,
        resumed_at=None,
        resumed_by="",
        resume_first_person="",
    )


@record_refusals()
def resume_access(*, actor: Actor, entitlement: str) -> Entitlement:
    """Resume suspended access, when two people of the operator gave the command, and give back what the suspension took.

    A stop for what the buyer did takes nothing that is given back. Neither person has an interest in buyer or seller. Raises
    IllegalTransition unless access is suspended, SecondPersonNeeded, Recused.
    """
    actor.require(Permission.DISPUTES_WRITE)
    actor.require_person()
    delivery = lock_delivery(entitlement=entitlement, actor=actor)
    subject = delivery.entitlement
    ENTITLEMENT.target(state=subject.state, command="resume", role="operator")
    require_unrelated(actor, subject.buyer_id, subject.seller_id)
    approval = require_two_people(
        actor=actor,
        permission=Permission.DISPUTES_WRITE,
        organisation=actor.organisation or "",
        command="delivery.resume_access",
        subject=subject.public_id,
        # A command for an earlier suspension is none for this.
        payload={"suspended_at": subject.suspended_at.isoformat() if subject.suspended_at else ""},
        expires_in=RESUMED_WITHIN,
        barred=related_to(subject.buyer_id, subject.seller_id),
    )
    if not (subject.stopped_by and is_stopped_for_breach(subject.stopped_by)):
        _give_back(delivery, actor)
    advance(
        subject,
        ENTITLEMENT,
        command="resume",
        role="operator",
        suspension_reason="",
        suspended_at=None,
        stopped_by="",
        resumed_at=clock.now(),
        resumed_by=actor.identifier,
        resume_first_person=approval.first_person,
    )
    record(
        kind="delivery.resumed",
        subject=subject.public_id,
        actor=actor,
        payload={"agreement": subject.agreement, "first_person": approval.first_person},
    )
    tell_resumed(subject)
    return subject


def lapse_suspensions() -> int:
    """Open access that the operator has suspended for ``SUSPENSION_DAYS_MAX`` days, and give back what that took; returns how many."""
    due = _lapsing().exclude(public_id__in=LAPSE.standing_aside()).order_by("suspended_at", "pk")
    return LAPSE.each(due.values_list("public_id", flat=True)[:BATCH], _lapse)


def _lapsing() -> QuerySet[Entitlement]:
    begun_by = clock.now() - timedelta(days=SUSPENSION_DAYS_MAX)
    return Entitlement.objects.filter(
        state=EntitlementState.SUSPENDED, stopped_by="", suspended_at__lte=begun_by
    )


@transaction.atomic
def _lapse(entitlement: str) -> bool:
    delivery = lock_delivery_where(Q(public_id=entitlement), skip_locked=True)
    if delivery is None or not _lapsing().filter(public_id=entitlement).exists():
        return False
    subject = delivery.entitlement
    _give_back(delivery, SYSTEM)
    advance(subject, ENTITLEMENT, command="lapse", role="system", suspension_reason="", suspended_at=None)
    record(
        kind="delivery.suspension_lapsed",
        subject=subject.public_id,
        actor=SYSTEM,
        payload={"agreement": subject.agreement},
    )
    tell_lapsed(subject)
    return True


def _give_back(delivery: Delivery, actor: Actor) -> None:
    """Give back what the suspension took until now."""
    since = delivery.entitlement.suspended_at
    if since is not None:
        give_back_access(
            delivery,
            actor=actor,
            cause=LossCause.SUSPENSION,
            reference=delivery.entitlement.public_id,
            since=since,
            until=clock.now(),
        )
