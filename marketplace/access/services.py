"""Open a participant's affairs for a time, end that, and decide when the participant is told."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from marketplace.approvals.models import Approval
from marketplace.approvals.services import require_two_people
from marketplace.events.schemas.access import StaffAccessDeferred, StaffAccessMoved
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text
from marketplace.participants.interest_queries import related_to, require_unrelated
from marketplace.participants.queries import OrganisationView, get_organisation

from .errors import AccessOver, AccessTold, ReviewOver
from .models import REASON_LENGTH_MAX, REFERENCE_LENGTH_MAX, AccessDeferral, StaffAccess
from .states import APPROVED_WITHIN, DEFERRED_DAYS_MAX, HOURS_MAX, AccessGround, AccessKind

SEALED = "sealed"
"""What evidence names as the subject of an approval to defer a notice: who is concerned is not said before the notice."""


@record_refusals()
def open_access(
    *,
    actor: Actor,
    organisation: str,
    kind: str,
    ground: str,
    reason: str,
    reference: str,
    hours: int,
    deferred_days: int | None = None,
) -> StaffAccess:
    """Open one ``kind`` of a participant's affairs for the actor alone, for ``hours``.

    The participant is told at once; with ``deferred_days``, on the ground of law alone, at the review date. That takes two
    people: another gives the same command, and the access is the first one's. Nobody opens or defers who has declared an
    interest in the participant. Emits staff_access.moved or
    staff_access.deferred. Raises SecondPersonNeeded, Recused, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ACCESS_OPEN)
    actor.require_person()
    party = get_organisation(organisation)
    if party.is_operator:
        raise FieldInvalid(
            "organisation",
            Label("name a participant, not the operator", "運営者ではなく参加者を指定してください"),
        )
    require_unrelated(actor, party.id)
    stated: dict[str, Any] = {
        "kind": _choice("kind", kind, AccessKind.values),
        "ground": _choice("ground", ground, AccessGround.values),
        "reason": stated_text("reason", reason, REASON_LENGTH_MAX),
        "reference": stated_text("reference", reference, REFERENCE_LENGTH_MAX),
    }
    _within("hours", hours, HOURS_MAX)
    approval = None
    if deferred_days is not None:
        approval = _deferred_by_two(actor, party, stated, hours, deferred_days)
    access = _write(actor, party, stated, hours, deferred_days, approval)
    record(
        kind="access.opened",
        subject=access.public_id,
        actor=actor,
        payload={
            "commitment": access.commitment,
            "person": access.person,
            **({} if approval else {"content": access.content}),
        },
    )
    if approval:
        _emit_deferred(access, access.deferred_until)
    else:
        _emit_moved(access, "opened")
    return access


def _deferred_by_two(
    actor: Actor, party: OrganisationView, stated: dict[str, Any], hours: int, deferred_days: int
) -> Approval:
    """Ask for the second person who agrees that the participant is told later. Raises SecondPersonNeeded, FieldInvalid."""
    if stated["ground"] != AccessGround.LAW:
        raise FieldInvalid(
            "deferred_days",
            Label(
                "only where law forbids to tell the participant now; leave it out",
                "法令により通知が制限される場合に限り指定できます。それ以外では指定しないでください",
            ),
        )
    _within("deferred_days", deferred_days, DEFERRED_DAYS_MAX)
    return require_two_people(
        actor=actor,
        permission=Permission.ACCESS_OPEN,
        organisation=actor.organisation or "",
        command="access.open_deferred",
        subject=SEALED,
        payload={
            "organisation": party.public_id,
            **stated,
            "hours": hours,
            "deferred_days": deferred_days,
        },
        expires_in=APPROVED_WITHIN,
        barred=related_to(party.id),
    )


def _write(
    actor: Actor,
    party: OrganisationView,
    stated: dict[str, Any],
    hours: int,
    deferred_days: int | None,
    approval: Approval | None,
) -> StaffAccess:
    now = clock.now()
    access = StaffAccess(
        public_id=new_identifier("sac"),
        person=approval.first_person if approval else actor.identifier,
        organisation_id=party.id,
        organisation_identifier=party.public_id,
        opened_at=now,
        expires_at=now + timedelta(hours=hours),
        approved_by=actor.identifier if approval else "",
        deferred_until=now + timedelta(days=deferred_days) if deferred_days else None,
        told_at=None if approval else now,
        salt=secrets.token_hex(32),
        **stated,
    )
    access.commitment = access.digest_of_content()
    access.save(force_insert=True)
    return access


@transaction.atomic
def end_access(*, actor: Actor, access: str) -> StaffAccess:
    """End an access before its hours are over. Emits staff_access.moved if the participant was told of it.

    Raises AccessOver, Missing, PermissionNeeded, ProofNeeded.
    """
    actor.require(Permission.ACCESS_OPEN)
    actor.require_person()
    subject, now = _locked(access), clock.now()
    if subject.ended_at is not None or subject.expires_at <= now:
        raise AccessOver(access=access)
    subject.ended_at, subject.ended_by = now, actor.identifier
    subject.save(update_fields=["ended_at", "ended_by"])
    record(kind="access.ended", subject=access, actor=actor, payload={})
    if subject.told_at is not None:
        _emit_moved(subject, "ended")
    return subject


@record_refusals()
def defer_notice(*, actor: Actor, access: str, days: int, reason: str) -> StaffAccess:
    """Defer a deferred notice again, until ``days`` from now; takes two people. Emits staff_access.deferred.

    Raises SecondPersonNeeded, Recused, AccessTold, ReviewOver, FieldInvalid, Missing, PermissionNeeded, ProofNeeded.
    """
    actor.require(Permission.ACCESS_OPEN)
    actor.require_person()
    subject, now = _locked(access), clock.now()
    require_unrelated(actor, subject.organisation_id)
    review_at = subject.review_at()
    if subject.told_at is not None or review_at is None:
        raise AccessTold(access=access)
    if review_at <= now:
        raise ReviewOver(access=access, review_at=review_at.isoformat())
    why = stated_text("reason", reason, REASON_LENGTH_MAX)
    _within("days", days, DEFERRED_DAYS_MAX)
    until = now + timedelta(days=days)
    if until <= review_at:
        raise FieldInvalid(
            "days",
            Label(
                "choose a day after the present review date",
                "現在の見直し期日より後になる日数を指定してください",
            ),
        )
    approval = require_two_people(
        actor=actor,
        permission=Permission.ACCESS_OPEN,
        organisation=actor.organisation or "",
        command="access.defer_notice",
        subject=access,
        payload={"days": days, "reason": why},
        expires_in=APPROVED_WITHIN,
        barred=related_to(subject.organisation_id),
    )
    AccessDeferral.objects.create(
        access=subject,
        until=until,
        reason=why,
        first_person=approval.first_person,
        approved_by=actor.identifier,
        decided_at=now,
    )
    record(
        kind="access.deferred",
        subject=access,
        actor=actor,
        payload={
            "first_person": approval.first_person,
            "until": until.isoformat(),
            "reason_commitment": commitment_to(subject.salt, why),
        },
    )
    _emit_deferred(subject, until)
    return subject


@transaction.atomic
def tell_participant(*, actor: Actor, access: str) -> StaffAccess:
    """Tell the participant of an access whose notice was deferred, and disclose in evidence what was sealed.

    A person of the operator may do so at any time; at the review date the market does it. Emits staff_access.moved. Raises
    AccessTold, Missing, PermissionNeeded, ProofNeeded.
    """
    actor.require(Permission.ACCESS_OPEN)
    subject = _locked(access)
    if subject.told_at is not None:
        raise AccessTold(access=access)
    subject.told_at = clock.now()
    subject.save(update_fields=["told_at"])
    record(kind="access.told", subject=access, actor=actor, payload={"content": subject.content})
    _emit_moved(subject, "told")
    return subject


def _locked(access: str) -> StaffAccess:
    """The access, locked until the transaction ends; raises Missing."""
    found = StaffAccess.objects.select_for_update(no_key=True).filter(public_id=access).first()
    if found is None:
        raise Missing(kind="staff access", identifier=access)
    return found


def _emit_moved(access: StaffAccess, change: str) -> None:
    emit(
        StaffAccessMoved(
            access=access.public_id,
            organisation=access.organisation_identifier,
            kind=access.kind,
            ground=access.ground,
            change=change,
        )
    )


def _emit_deferred(access: StaffAccess, until: datetime | None) -> None:
    emit(StaffAccessDeferred(access=access.public_id, until=until.isoformat() if until else ""))


def _choice(name: str, value: str, known: Any) -> str:
    if value not in known:
        listed = ", ".join(known)
        raise FieldInvalid(name, Label(f"choose one of {listed}", f"{listed} から選んでください"))
    return str(value)


def _within(name: str, value: int, highest: int) -> None:
    if not 1 <= value <= highest:
        raise FieldInvalid(name, Label(f"choose 1 to {highest}", f"1から{highest}までの値を指定してください"))
