"""Change what members may do, and end memberships: by owners, by two where that takes two, or by the member itself."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from marketplace.events.schemas.members import MemberChanged, SecondOwnerEnded, SecondOwnerNeeded
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor, Role
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import Missing
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance

from ..bounds import PROPOSAL_VALID
from ..errors import ChangeProposed, LastOwner, RoleHeld, RoleNotHeld
from ..models import MemberChange, Membership, Organisation, RoleGrant
from ..people_fields import checked_roles, required_text
from ..states import MEMBER_CHANGE, MemberChangeKind, MemberChangeState, MemberRole
from ..suspension_errors import TrusteeStays
from .inviting import end_invitations_of
from .second_owner import (
    WITHDRAWS,
    is_trustee,
    lock_own_organisation,
    owners_of,
    require_second_owner,
    takes_two,
)


@transaction.atomic
def grant_role(*, actor: Actor, member: str, role: str, reason: str = "") -> MemberChange:
    """Grant a role to a member of the actor's organisation; proposed only, where it takes a second owner.

    Raises RoleHeld, ChangeProposed, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.MEMBERS_WRITE)
    actor.require_person()
    organisation = lock_own_organisation(actor)
    membership = _locked_member(organisation, member)
    (checked,) = checked_roles(organisation, [role], "role")
    if role in _roles_of(membership):
        raise RoleHeld(role=role)
    return _change(actor, membership, MemberChangeKind.GRANT, checked, reason)


@transaction.atomic
def revoke_role(*, actor: Actor, member: str, role: str, reason: str = "") -> MemberChange:
    """Revoke a role of a member; a member may give up its own, and a trustee revokes alone. Proposed only, where it takes
    a second owner.

    Raises RoleNotHeld, LastOwner, TrusteeStays, ChangeProposed, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require_person()
    organisation = lock_own_organisation(actor)
    membership = _locked_member(organisation, member)
    if membership.user.public_id != actor.identifier:
        actor.require(*WITHDRAWS)
    if role not in _roles_of(membership):
        raise RoleNotHeld(role=role)
    return _change(actor, membership, MemberChangeKind.REVOKE, role, reason)


@transaction.atomic
def end_membership(*, actor: Actor, member: str, reason: str) -> MemberChange:
    """End the membership of a member of the actor's organisation; proposed only, where it takes a second owner. A trustee
    ends it alone.

    Raises LastOwner, TrusteeStays, ChangeProposed, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(*WITHDRAWS)
    actor.require_person()
    membership = _locked_member(lock_own_organisation(actor), member)
    return _change(actor, membership, MemberChangeKind.END, "", required_text("reason", reason))


@transaction.atomic
def leave(*, actor: Actor) -> MemberChange:
    """Leave the organisation that the actor, a person, acts for. Raises LastOwner, PermissionNeeded, Forbidden."""
    actor.require(Permission.PERSON_OWN)
    actor.require_person()
    organisation = lock_own_organisation(actor)
    own = Membership.objects.get(
        organisation=organisation, user__public_id=actor.identifier, ended_at=None
    ).public_id
    return _change(actor, _locked_member(organisation, own), MemberChangeKind.END, "", "")


def replace_owners(membership: Membership) -> None:
    """Make the member who accepted the invitation of a recovery the only owner. What else the others may stays."""
    person = Actor(membership.user.public_id, Role.PARTICIPANT)
    if MemberRole.OWNER not in _roles_of(membership):
        row = _written(person, membership, MemberChangeKind.GRANT, MemberRole.OWNER, "", waits=False)
        _carry_out(row, person)
    others = RoleGrant.objects.filter(
        membership__organisation=membership.organisation,
        membership__ended_at=None,
        role=MemberRole.OWNER,
        revoked_at=None,
    ).exclude(membership=membership)
    for grant in others.select_related("membership__user", "membership__organisation").order_by("pk"):
        row = _written(person, grant.membership, MemberChangeKind.REVOKE, MemberRole.OWNER, "", waits=False)
        _carry_out(row, person)


@transaction.atomic
def confirm_change(*, actor: Actor, change: str) -> MemberChange:
    """Confirm a change as the second owner; it takes effect. Raises LastOwner, ProposerGone, IllegalTransition, Missing,
    PermissionNeeded, ProofNeeded, Forbidden."""
    actor.require(Permission.MEMBERS_WRITE)
    organisation = lock_own_organisation(actor)
    row = _locked_change(organisation, change)
    MEMBER_CHANGE.target(state=row.state, command="confirm", role="owner")
    owners = owners_of(organisation.pk)
    require_second_owner(actor, first=row.proposed_by, owners=owners)
    now = clock.now()
    if row.expires_at <= now or row.membership.ended_at is not None:
        raise Missing(kind="change", identifier=change)
    _require_another_owner(row.membership, row.kind, row.role, owners)
    advance(row, MEMBER_CHANGE, command="confirm", role="owner", confirmed_by=actor.identifier, ended_at=now)
    _tell_decided(row)
    _carry_out(row, actor)
    return row


@transaction.atomic
def withdraw_change(*, actor: Actor, change: str) -> MemberChange:
    """Withdraw a change that waits for a second owner, as any owner. Raises IllegalTransition, Missing, PermissionNeeded,
    ProofNeeded."""
    actor.require(Permission.MEMBERS_WRITE)
    row = _locked_change(lock_own_organisation(actor), change)
    _close(row, actor, "withdraw", "owner")
    return row


@transaction.atomic
def lapse_change(public_id: str) -> bool:
    """End a change that no second owner confirmed in time; returns whether it was one. The sweep calls it."""
    organisation = Organisation.objects.filter(
        pk=MemberChange.objects.filter(public_id=public_id).values("membership__organisation_id")[:1]
    )
    organisation.select_for_update(no_key=True).first()
    row = _changes().filter(public_id=public_id).first()
    if row is None or row.state != MemberChangeState.PROPOSED or row.expires_at > clock.now():
        return False
    _close(row, SYSTEM, "lapse", "system")
    return True


def _change(
    actor: Actor, membership: Membership, kind: MemberChangeKind, role: str, reason: str
) -> MemberChange:
    """Write the change, and carry it out unless it waits for a second owner."""
    organisation = membership.organisation
    is_own = membership.user.public_id == actor.identifier
    owners = owners_of(organisation.pk)
    concerns_owner = role == MemberRole.OWNER or (
        kind == MemberChangeKind.END and membership.user.public_id in owners
    )
    grants = kind == MemberChangeKind.GRANT
    if not is_own and is_trustee(organisation.pk, membership.user.public_id):
        raise TrusteeStays(member=membership.public_id)
    # A court appointed the trustee, and two people of the operator entered it.
    decides_alone = not grants and (is_own or is_trustee(organisation.pk, actor.identifier))
    waits = not decides_alone and takes_two(
        organisation, first=actor.identifier, owners=owners, grants=grants, concerns_owner=concerns_owner
    )
    same = MemberChange.objects.filter(
        membership=membership, kind=kind, role=role, state=MemberChangeState.PROPOSED
    )
    if (waiting := same.first()) and waits:
        raise ChangeProposed(change=waiting.public_id)
    _require_another_owner(membership, kind, role, owners)
    row = _written(actor, membership, kind, role, reason, waits=waits)
    if waits:
        _record(row, actor)
        emit(
            SecondOwnerNeeded(
                organisation=organisation.public_id, matter=row.public_id, change=str(kind.value)
            )
        )
    else:
        _carry_out(row, actor)
    return row


def _written(
    actor: Actor, membership: Membership, kind: MemberChangeKind, role: str, reason: str, *, waits: bool
) -> MemberChange:
    """The change as a row: proposed, or done."""
    now = clock.now()
    return MemberChange.objects.create(
        membership=membership,
        kind=kind,
        role=role,
        reason=reason.strip(),
        state=MemberChangeState.PROPOSED if waits else MemberChangeState.DONE,
        proposed_by=actor.identifier,
        proposed_at=now,
        expires_at=now + PROPOSAL_VALID,
        ended_at=None if waits else now,
    )


def _require_another_owner(membership: Membership, kind: str, role: str, owners: list[str]) -> None:
    """Raise LastOwner where the change would leave the organisation without an owner."""
    takes = kind == MemberChangeKind.END or (kind == MemberChangeKind.REVOKE and role == MemberRole.OWNER)
    if takes and owners == [membership.user.public_id]:
        raise LastOwner(organisation=membership.organisation.public_id)


def _carry_out(row: MemberChange, actor: Actor) -> None:
    """Do what a change says, record it and tell it."""
    membership, now = row.membership, clock.now()
    held = RoleGrant.objects.filter(membership=membership, revoked_at=None)
    if row.kind == MemberChangeKind.GRANT:
        RoleGrant.objects.create(
            membership=membership, role=row.role, granted_at=now, granted_by=row.proposed_by
        )
    elif row.kind == MemberChangeKind.REVOKE:
        held.filter(role=row.role).update(revoked_at=now)
    else:
        membership.ended_at = now
        membership.save(update_fields=["ended_at"])
        held.update(revoked_at=now)
    if row.kind == MemberChangeKind.END or (row.kind, row.role) == (
        MemberChangeKind.REVOKE,
        MemberRole.OWNER,
    ):
        end_invitations_of(membership.organisation, membership.user.public_id)
    _record(row, actor)
    emit(
        MemberChanged(
            organisation=membership.organisation.public_id,
            member=membership.public_id,
            change=str(row.kind),
            role=row.role,
            by=actor.identifier,
        )
    )


def _close(row: MemberChange, actor: Actor, command: str, role: str) -> None:
    advance(row, MEMBER_CHANGE, command=command, role=role, ended_at=clock.now())
    _record(row, actor)
    _tell_decided(row)


def _tell_decided(row: MemberChange) -> None:
    emit(SecondOwnerEnded(organisation=row.membership.organisation.public_id, matter=row.public_id))


def _roles_of(membership: Membership) -> set[str]:
    held = RoleGrant.objects.filter(membership=membership, revoked_at=None)
    return set(held.values_list("role", flat=True))


def _locked_member(organisation: Organisation, public_id: str) -> Membership:
    """A live membership of the organisation, which is locked, locked too; raises Missing."""
    rows = Membership.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "organisation", "user"
    )
    row = rows.filter(organisation=organisation, public_id=public_id, ended_at=None).first()
    if row is None:
        raise Missing(kind="member", identifier=public_id)
    return row


def _changes() -> QuerySet[MemberChange]:
    rows = MemberChange.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("membership__organisation", "membership__user")


def _locked_change(organisation: Organisation, public_id: str) -> MemberChange:
    """A change of a membership of the organisation, which is locked, locked too; raises Missing."""
    row = _changes().filter(membership__organisation=organisation, public_id=public_id).first()
    if row is None:
        raise Missing(kind="change", identifier=public_id)
    return row


def _record(row: MemberChange, actor: Actor) -> None:
    """Record a step of a change in evidence; of its reason the hash alone."""
    record(
        kind=f"participants.member_change_{row.state}",
        subject=row.public_id,
        actor=actor,
        payload={
            "organisation": row.membership.organisation.public_id,
            "member": row.membership.public_id,
            "change": str(row.kind),
            "role": row.role,
            "proposed_by": row.proposed_by,
            "reason_commitment": commitment_to(row.salt, row.reason),
        },
    )
