"""Lock a login on suspicion, and release it: one person of the operator locks, two release."""

from __future__ import annotations

from django.db import transaction

from marketplace.events.schemas.members import LoginChanged, LoginReleaseProposed
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission

from ..errors import LockReleased, LoginLocked
from ..letters import write_to
from ..models import LoginLock, Membership, User
from ..people_fields import required_text


@transaction.atomic
def lock_login(*, actor: Actor, person: str, reason: str) -> LoginLock:
    """Lock the login of a person, at once: its sessions end, and its programs stop. The person is told by mail.

    Raises LoginLocked, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_person()
    stated = required_text("reason", reason)
    if person == actor.identifier:
        raise FieldInvalid("person", Label("nobody locks itself", "自分自身は停止できません"))
    user = User.objects.select_for_update(no_key=True).filter(public_id=person).first()
    if user is None:
        raise Missing(kind="person", identifier=person)
    if known := LoginLock.objects.filter(user=user, released_at=None).first():
        raise LoginLocked(lock=known.public_id)
    row = LoginLock.objects.create(
        user=user, reason=stated, locked_by=actor.identifier, locked_at=clock.now()
    )
    user.is_active = False
    user.save(update_fields=["is_active"])
    record(
        kind="participants.login_locked",
        subject=row.public_id,
        actor=actor,
        payload={"person": person, "reason_sha256": sha256_hex(stated.encode())},
    )
    tell_of_login(user, "locked", row.public_id)
    return row


@transaction.atomic
def release_login(*, actor: Actor, lock: str) -> LoginLock:
    """Propose to release a locked login; given by another person of admission too, release it.

    Raises LockReleased, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_person()
    rows = LoginLock.objects.select_for_update(no_key=True, of=("self",)).select_related("user")
    row = rows.filter(public_id=lock).first()
    if row is None:
        raise Missing(kind="lock", identifier=lock)
    if row.released_at is not None:
        raise LockReleased(lock=lock)
    now = clock.now()
    if row.release_proposed_by is None:
        row.release_proposed_by, row.release_proposed_at = actor.identifier, now
        row.save(update_fields=["release_proposed_by", "release_proposed_at"])
        record(kind="participants.login_release_proposed", subject=lock, actor=actor, payload={})
        emit(LoginReleaseProposed(lock=lock, is_open=True))
        return row
    actor.require_second_to(row.release_proposed_by)
    row.released_by, row.released_at = actor.identifier, now
    row.save(update_fields=["released_by", "released_at"])
    row.user.is_active = True
    row.user.save(update_fields=["is_active"])
    record(
        kind="participants.login_released",
        subject=lock,
        actor=actor,
        payload={"person": row.user.public_id, "proposed_by": row.release_proposed_by},
    )
    emit(LoginReleaseProposed(lock=lock, is_open=False))
    tell_of_login(row.user, "released", lock)
    return row


def tell_of_login(user: User, change: str, cause: str) -> None:
    """Tell the person by mail, and each organisation that it belongs to, what became of its login."""
    write_to(user, change, cause)
    rows = Membership.objects.filter(user=user, ended_at=None).select_related("organisation").order_by("pk")
    for row in rows:
        emit(
            LoginChanged(
                organisation=row.organisation.public_id,
                member=row.public_id,
                change=change,
                cause=cause,
            )
        )
