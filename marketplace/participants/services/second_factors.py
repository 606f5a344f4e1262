"""Take a lost second factor from a member, so that it sets up another one: an owner asks, and a day passes."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction

from marketplace.events.schemas.members import SecondOwnerEnded, SecondOwnerNeeded
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance

from ..bounds import PROPOSAL_VALID, SECOND_FACTOR_WAITS
from ..errors import ResetOpen
from ..models import Membership, Organisation, SecondFactorReset, Session
from ..people_fields import required_text
from ..states import SECOND_FACTOR_RESET, SecondFactorResetState
from .logins import tell_of_login
from .second_owner import lock_own_organisation, owners_of, require_second_owner

OPEN = (SecondFactorResetState.PROPOSED, SecondFactorResetState.WAITING)


@transaction.atomic
def ask_second_factor_reset(*, actor: Actor, member: str, reason: str) -> SecondFactorReset:
    """Ask to take the second factor from another member of the actor's organisation; at the operator, with a second owner.

    The person is told by mail at once, and has a day to stop it. Raises ResetOpen, FieldInvalid, Missing,
    PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.MEMBERS_WRITE)
    actor.require_person()
    organisation = lock_own_organisation(actor)
    stated = required_text("reason", reason)
    rows = Membership.objects.select_related("user", "organisation")
    membership = rows.filter(organisation=organisation, public_id=member, ended_at=None).first()
    if membership is None:
        raise Missing(kind="member", identifier=member)
    if membership.user.public_id == actor.identifier:
        raise FieldInvalid(
            "member",
            Label(
                "nobody resets its own second factor; another owner does, or you use a recovery code",
                "自分の二要素認証は再設定できません。他の代表管理者に依頼するか、リカバリーコードを使用してください",
            ),
        )
    if known := SecondFactorReset.objects.filter(membership=membership, state__in=OPEN).first():
        raise ResetOpen(reset=known.public_id)
    now, waits = clock.now(), organisation.is_operator
    row = SecondFactorReset.objects.create(
        membership=membership,
        reason=stated,
        state=SecondFactorResetState.PROPOSED if waits else SecondFactorResetState.WAITING,
        asked_by=actor.identifier,
        asked_at=now,
        ends_at=now + (PROPOSAL_VALID if waits else SECOND_FACTOR_WAITS),
    )
    _record(row, actor, "asked")
    tell_of_login(membership.user, "reset_asked", row.public_id)
    if waits:
        emit(SecondOwnerNeeded(organisation=organisation.public_id, matter=row.public_id, change="reset"))
    return row


@transaction.atomic
def confirm_second_factor_reset(*, actor: Actor, reset: str) -> SecondFactorReset:
    """Confirm it in time as the second owner; the waiting time begins. Raises IllegalTransition, ProposerGone, Missing,
    PermissionNeeded, ProofNeeded, Forbidden."""
    actor.require(Permission.MEMBERS_WRITE)
    organisation = lock_own_organisation(actor)
    row = _locked(reset, organisation)
    SECOND_FACTOR_RESET.target(state=row.state, command="confirm", role="owner")
    require_second_owner(actor, first=row.asked_by, owners=owners_of(organisation.pk))
    if row.membership.user.public_id == actor.identifier:
        raise FieldInvalid("member", Label("another owner confirms it", "別の代表管理者が確認してください"))
    now = clock.now()
    if row.ends_at <= now:
        raise Missing(kind="reset", identifier=reset)
    advance(
        row,
        SECOND_FACTOR_RESET,
        command="confirm",
        role="owner",
        confirmed_by=actor.identifier,
        ends_at=now + SECOND_FACTOR_WAITS,
    )
    _record(row, actor, "confirmed")
    emit(SecondOwnerEnded(organisation=organisation.public_id, matter=row.public_id))
    return row


@transaction.atomic
def stop_second_factor_reset(*, actor: Actor, reset: str) -> SecondFactorReset:
    """Stop it within the waiting time: the person itself, or any owner of the organisation.

    Raises IllegalTransition, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require_person()
    organisation = lock_own_organisation(actor)
    row = _locked(reset, organisation)
    is_own = row.membership.user.public_id == actor.identifier
    if not is_own:
        actor.require(Permission.MEMBERS_WRITE)
    _stop(row, actor, "person" if is_own else "owner")
    return row


@transaction.atomic
def carry_out_second_factor_reset(public_id: str) -> bool:
    """Take the second factor at the end of the waiting time; the person's sessions end. Returns whether anything was done;
    the sweep calls it. It stops what no second owner confirmed in time, where the person has left, or who asked is no owner any
    more."""
    found = SecondFactorReset.objects.filter(public_id=public_id)
    key = found.values_list("membership__organisation_id", flat=True).first()
    if key is None:
        return False
    organisation = Organisation.objects.select_for_update(no_key=True).get(pk=key)
    row = _locked(public_id, organisation)
    if row.state not in OPEN or row.ends_at > clock.now():
        return False
    stands = row.membership.ended_at is None and row.asked_by in owners_of(key)
    if row.state == SecondFactorResetState.PROPOSED or not stands:
        _stop(row, SYSTEM, "system")
        return True
    user = row.membership.user
    advance(
        row,
        SECOND_FACTOR_RESET,
        command="carry_out",
        role="system",
        ended_by=SYSTEM.identifier,
        ended_at=clock.now(),
    )
    Authenticator.objects.filter(user=user).delete()
    Session.objects.filter(user=user).delete()
    _record(row, SYSTEM, "done")
    tell_of_login(user, "reset_done", row.public_id)
    return True


def _stop(row: SecondFactorReset, actor: Actor, role: str) -> None:
    was = row.state
    advance(
        row,
        SECOND_FACTOR_RESET,
        command="stop",
        role=role,
        ended_by=actor.identifier,
        ended_at=clock.now(),
    )
    _record(row, actor, "stopped")
    tell_of_login(row.membership.user, "reset_stopped", row.public_id)
    if was == SecondFactorResetState.PROPOSED:
        emit(SecondOwnerEnded(organisation=row.membership.organisation.public_id, matter=row.public_id))


def _locked(public_id: str, organisation: Organisation) -> SecondFactorReset:
    """A reset in the organisation, which is locked, locked too; raises Missing."""
    rows = SecondFactorReset.objects.select_for_update(no_key=True, of=("self",))
    row = (
        rows.select_related("membership__user", "membership__organisation")
        .filter(public_id=public_id, membership__organisation=organisation)
        .first()
    )
    if row is None:
        raise Missing(kind="reset", identifier=public_id)
    return row


def _record(row: SecondFactorReset, actor: Actor, what: str) -> None:
    record(
        kind=f"participants.second_factor_reset_{what}",
        subject=row.public_id,
        actor=actor,
        payload={
            "member": row.membership.public_id,
            "asked_by": row.asked_by,
            "reason_commitment": commitment_to(row.salt, row.reason),
        },
    )
