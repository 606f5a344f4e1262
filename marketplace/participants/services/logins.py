"""Lock a login on suspicion, and release it: one person of the operator locks, two release."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from marketplace.events.schemas.members import LoginChanged, LoginReleaseProposed
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission

from ..errors import LockReleased, LoginLocked
from ..interest_queries import related_to, require_unrelated
from ..letters import write_to
from ..models import LoginLock, Membership, Organisation, RoleGrant, User
from ..people_fields import required_text
from ..queries import acts_for_operator
from ..second_person_errors import NobodyReleases
from ..states import MemberRole

RELEASING = (MemberRole.ADMISSION, MemberRole.OWNER)
"""Roles at the operator by two people of which a lock comes to an end."""


@transaction.atomic
def lock_login(*, actor: Actor, person: str, reason: str) -> LoginLock:
    """Lock the login of a person, at once: its sessions end, and its programs stop. The person is told by mail.

    Raises Recused, LoginLocked, NobodyReleases, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_person()
    stated = required_text("reason", reason)
    if person == actor.identifier:
        raise FieldInvalid("person", Label("nobody locks itself", "自分自身は停止できません"))
    _lock_operator_of(person)
    user = User.objects.select_for_update(no_key=True).filter(public_id=person).first()
    if user is None:
        raise Missing(kind="person", identifier=person)
    require_unrelated(actor, *_organisations_of(user))
    if known := LoginLock.objects.filter(user=user, released_at=None).first():
        raise LoginLocked(lock=known.public_id)
    _require_releasers(actor, user)
    row = LoginLock.objects.create(
        user=user, reason=stated, locked_by=actor.identifier, locked_at=clock.now()
    )
    user.is_active = False
    user.save(update_fields=["is_active"])
    record(
        kind="participants.login_locked",
        subject=row.public_id,
        actor=actor,
        payload={"person": person, "reason_commitment": commitment_to(row.salt, stated)},
    )
    tell_of_login(user, "locked", row.public_id)
    return row


def _organisations_of(user: User) -> list[int]:
    """The organisations (database keys) that a person belongs to."""
    return list(Membership.objects.filter(user=user, ended_at=None).values_list("organisation_id", flat=True))


def _of_staff(person: str) -> QuerySet[Membership]:
    """The live membership of a person at the operator, if it has one."""
    return Membership.objects.filter(user__public_id=person, organisation__is_operator=True, ended_at=None)


def _lock_operator_of(person: str) -> None:
    """Lock the operator before one of its people, so that two of them are not locked at the same time."""
    if _of_staff(person).exists():
        Organisation.objects.select_for_update(no_key=True).get(is_operator=True)


def _require_releasers(actor: Actor, user: User) -> None:
    """Raise NobodyReleases where a lock of one of the operator's people would leave nobody beside the actor to end it.

    Two others of admission release it, or two owners give that role to others.
    """
    if not _of_staff(user.public_id).exists():
        return
    others = RoleGrant.objects.filter(
        membership__organisation__is_operator=True,
        membership__ended_at=None,
        membership__user__is_active=True,
        revoked_at=None,
    ).exclude(membership__user__public_id__in=(user.public_id, actor.identifier))
    for role in RELEASING:
        if others.filter(role=role).values("membership__user").distinct().count() >= 2:
            return
    raise NobodyReleases(person=user.public_id)


@transaction.atomic
def release_login(*, actor: Actor, lock: str) -> LoginLock:
    """Propose to release a locked login; given by another person of admission too, release it.

    If who proposed it may no more, or has declared an interest in an organisation of the person, the actor becomes the first.

    Raises Recused, LockReleased, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_person()
    rows = LoginLock.objects.select_for_update(no_key=True, of=("self",)).select_related("user")
    row = rows.filter(public_id=lock).first()
    if row is None:
        raise Missing(kind="lock", identifier=lock)
    if row.released_at is not None:
        raise LockReleased(lock=lock)
    now, concerned = clock.now(), _organisations_of(row.user)
    require_unrelated(actor, *concerned)
    first = row.release_proposed_by
    if (
        first is None
        or not acts_for_operator(first, Permission.ADMISSION_WRITE)
        or related_to(*concerned)(first)
    ):
        row.release_proposed_by, row.release_proposed_at = actor.identifier, now
        row.save(update_fields=["release_proposed_by", "release_proposed_at"])
        record(kind="participants.login_release_proposed", subject=lock, actor=actor, payload={})
        emit(LoginReleaseProposed(lock=lock, is_open=True))
        return row
    actor.require_second_to(first)
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
