"""Invite people to an organisation: propose, confirm, send again, revoke."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from marketplace.events.schemas.members import MemberJoined, SecondOwnerEnded, SecondOwnerNeeded
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.jobs.services import enqueue
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import Missing
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance

from ..bounds import (
    INVITATION_MAILS_MAX,
    INVITATION_VALID,
    INVITATIONS_A_DAY_MAX,
    INVITATIONS_OPEN_MAX,
)
from ..errors import (
    AlreadyAMember,
    InvitationMailsUsedUp,
    InvitationOpen,
    InvitationUnknown,
    TooManyInvitations,
)
from ..jobs import SEND_INVITATION
from ..models import Invitation, Membership, Organisation, OwnerRecovery, User
from ..people_fields import checked_email, checked_language, checked_roles
from ..states import INVITATION, INVITATION_ENDED, InvitationState, MemberRole
from .organisations import locked_organisation
from .second_owner import lock_own_organisation, owners_of, require_second_owner, takes_two


@transaction.atomic
def invite(*, actor: Actor, email: str, roles: Collection[str], language: str = "ja") -> Invitation:
    """Invite the person of an address to the actor's own organisation, with ``roles``.

    The token goes to the address alone, by mail. To invite to the operator, or an owner where there is another, takes a
    second owner, who confirms it first. The answer is the same whether the address has a login or not. Raises
    FieldInvalid, AlreadyAMember, InvitationOpen, TooManyInvitations, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.MEMBERS_WRITE)
    actor.require_person()
    organisation = lock_own_organisation(actor)
    owners = owners_of(organisation.pk)
    waits = takes_two(
        organisation,
        first=actor.identifier,
        owners=owners,
        grants=True,
        concerns_owner=MemberRole.OWNER in roles,
    )
    row = _invite(actor, organisation, email, roles, language, waits=waits)
    if waits:
        emit(SecondOwnerNeeded(organisation=organisation.public_id, matter=row.public_id, change="invite"))
    else:
        _send(row)
    return row


@transaction.atomic
def invite_first_owner(*, organisation: str, email: str, language: str = "ja") -> Invitation:
    """Invite the first owner of an organisation that has none, as the market itself. Raises Missing, FieldInvalid."""
    subject = locked_organisation(organisation)
    row = _invite(SYSTEM, subject, email, (MemberRole.OWNER,), language, waits=False)
    _send(row)
    return row


def invite_trustee(*, organisation: Organisation, person: User) -> Invitation:
    """Invite a person who has a login, whom two people of admission appointed trustee in this transaction."""
    _end_waiting(organisation, email=person.email)
    row = _invite(SYSTEM, organisation, person.email, (MemberRole.TRUSTEE,), person.language, waits=False)
    _send(row)
    return row


def end_invitations_of_trustees(organisation: Organisation) -> None:
    """End the invitations of trustees whose proceedings ended before they joined."""
    _end_waiting(organisation, roles=[MemberRole.TRUSTEE])


def _end_waiting(organisation: Organisation, **narrowed: Any) -> None:
    """End the invitations to the organisation that nobody has accepted yet."""
    waiting = Invitation.objects.filter(organisation=organisation, **narrowed)
    for row in waiting.exclude(state__in=INVITATION_ENDED).select_related("organisation").order_by("pk"):
        _end(row, SYSTEM, "lapse", "system")


def invite_after_recovery(*, recovery: OwnerRecovery) -> Invitation:
    """Invite the new owner of an organisation whose recovery is concluded in this transaction."""
    _end_waiting(recovery.organisation, email=recovery.email)
    row = _invite(
        SYSTEM,
        recovery.organisation,
        recovery.email,
        (MemberRole.OWNER,),
        recovery.language,
        waits=False,
        recovery=recovery,
    )
    _send(row)
    return row


def _invite(
    actor: Actor,
    organisation: Organisation,
    email: str,
    roles: Collection[str],
    language: str,
    *,
    waits: bool,
    recovery: OwnerRecovery | None = None,
) -> Invitation:
    address, now = checked_email(email), clock.now()
    # Trustees are appointed, not chosen by an owner.
    granted = list(roles) if actor is SYSTEM else checked_roles(organisation, roles)
    members = Membership.objects.filter(organisation=organisation, ended_at=None)
    if recovery is None and members.filter(user__email=address).exists():
        raise AlreadyAMember()
    rows = Invitation.objects.filter(organisation=organisation)
    alive = rows.exclude(state__in=INVITATION_ENDED)
    # One that has expired is in nobody's way, although no sweep has ended it yet.
    for expired in alive.filter(email=address, expires_at__lte=now):
        _end(expired, SYSTEM, "lapse", "system")
    if open_one := alive.filter(email=address).first():
        raise InvitationOpen(invitation=open_one.public_id)
    if actor is not SYSTEM:
        # The market itself invites whom two people decided on, however many others are invited.
        lately = rows.filter(invited_at__gt=now - timedelta(days=1)).count()
        for count, most in ((alive.count(), INVITATIONS_OPEN_MAX), (lately, INVITATIONS_A_DAY_MAX)):
            if count >= most:
                raise TooManyInvitations(count=count)
    row = Invitation.objects.create(
        organisation=organisation,
        email=address,
        roles=granted,
        language=checked_language(language),
        state=InvitationState.PROPOSED if waits else InvitationState.OPEN,
        invited_by=actor.identifier,
        invited_at=now,
        expires_at=now + INVITATION_VALID,
        recovery=recovery,
    )
    _record(row, actor, roles=granted)
    return row


@transaction.atomic
def confirm_invitation(*, actor: Actor, invitation: str) -> Invitation:
    """Confirm an invitation as the second owner, and have it sent. Raises IllegalTransition, ProposerGone, Missing,
    PermissionNeeded, ProofNeeded, Forbidden."""
    actor.require(Permission.MEMBERS_WRITE)
    row = _locked_own(actor, invitation)
    INVITATION.target(state=row.state, command="confirm", role="owner")
    require_second_owner(actor, first=row.invited_by, owners=owners_of(row.organisation_id))
    now = clock.now()
    if row.expires_at <= now:
        raise Missing(kind="invitation", identifier=invitation)
    advance(
        row,
        INVITATION,
        command="confirm",
        role="owner",
        confirmed_by=actor.identifier,
        confirmed_at=now,
        expires_at=now + INVITATION_VALID,
    )
    _record(row, actor, kind="confirmed", invited_by=row.invited_by)
    _tell_decided(row)
    _send(row)
    return row


@transaction.atomic
def resend_invitation(*, actor: Actor, invitation: str) -> Invitation:
    """Send another mail with a new token; those before it are void. It is good for another seven days.

    Raises InvitationMailsUsedUp, IllegalTransition, Missing, PermissionNeeded, ProofNeeded.
    """
    actor.require(Permission.MEMBERS_WRITE)
    row = _locked_own(actor, invitation)
    INVITATION.target(state=row.state, command="resend", role="owner")
    if row.mails >= INVITATION_MAILS_MAX:
        raise InvitationMailsUsedUp(count=INVITATION_MAILS_MAX)
    row.expires_at = clock.now() + INVITATION_VALID
    _send(row)
    _record(row, actor, kind="resent")
    return row


@transaction.atomic
def revoke_invitation(*, actor: Actor, invitation: str) -> Invitation:
    """Revoke an invitation of the actor's organisation; its tokens are void. Raises IllegalTransition, Missing,
    PermissionNeeded, ProofNeeded."""
    actor.require(Permission.MEMBERS_WRITE)
    row = _locked_own(actor, invitation)
    _end(row, actor, "revoke", "owner")
    return row


@transaction.atomic
def lapse_invitation(public_id: str) -> bool:
    """End an invitation that was not accepted in time; returns whether it was one. The sweep calls it."""
    organisation = Organisation.objects.filter(
        pk=Invitation.objects.filter(public_id=public_id).values("organisation_id")[:1]
    )
    organisation.select_for_update(no_key=True).first()
    rows = Invitation.objects.select_for_update(no_key=True, of=("self",)).select_related("organisation")
    row = rows.filter(public_id=public_id).first()
    if row is None or row.state in INVITATION_ENDED or row.expires_at > clock.now():
        return False
    _end(row, SYSTEM, "lapse", "system")
    return True


def require_inviter(row: Invitation) -> None:
    """Raise InvitationUnknown unless who invited, or confirmed it, is an owner still, whose login is not locked."""
    if row.invited_by == SYSTEM.identifier:
        return
    vouching = set(owners_of(row.organisation_id)) & {row.invited_by, row.confirmed_by}
    if not User.objects.filter(public_id__in=vouching, is_active=True).exists():
        raise InvitationUnknown()


def end_invitations_of(organisation: Organisation, person: str) -> None:
    """End the invitations for which nobody stands any more, because ``person`` is no owner of the organisation any more."""
    owners = set(owners_of(organisation.pk))
    given = Q(invited_by=person) | Q(confirmed_by=person)
    waiting = Invitation.objects.filter(given, organisation=organisation)
    for row in waiting.exclude(state__in=INVITATION_ENDED).select_related("organisation").order_by("pk"):
        if not owners & {row.invited_by, row.confirmed_by}:
            _end(row, SYSTEM, "lapse", "system")


def end_accepted(row: Invitation, membership: Membership, actor: Actor) -> None:
    """Record that the invited person joined."""
    _record(row, actor, kind="accepted", member=membership.public_id, roles=sorted(row.roles))
    emit(MemberJoined(organisation=row.organisation.public_id, member=membership.public_id))


def _send(row: Invitation) -> None:
    """Count a further mail, and have it sent; the token is made by whoever sends it."""
    row.mails += 1
    row.token_digest = None
    row.save(update_fields=["mails", "token_digest", "expires_at"])
    arguments = {"invitation": row.public_id, "number": row.mails}
    enqueue(kind=SEND_INVITATION, subject=f"{row.public_id}:{row.mails}", arguments=arguments)


def _end(row: Invitation, actor: Actor, command: str, role: str) -> None:
    was = row.state
    advance(
        row,
        INVITATION,
        command=command,
        role=role,
        token_digest=None,
        ended_by=actor.identifier,
        ended_at=clock.now(),
    )
    _record(row, actor)
    if was == InvitationState.PROPOSED:
        _tell_decided(row)


def _tell_decided(row: Invitation) -> None:
    emit(SecondOwnerEnded(organisation=row.organisation.public_id, matter=row.public_id))


def _locked_own(actor: Actor, public_id: str) -> Invitation:
    """An invitation of the actor's own organisation, locked after its organisation; raises Missing."""
    organisation = lock_own_organisation(actor)
    rows = Invitation.objects.select_for_update(no_key=True, of=("self",)).select_related("organisation")
    row = rows.filter(public_id=public_id, organisation=organisation).first()
    if row is None:
        raise Missing(kind="invitation", identifier=public_id)
    return row


def _record(row: Invitation, actor: Actor, *, kind: str = "", **payload: Any) -> None:
    """Record a step of an invitation in evidence: never its address."""
    payload["organisation"] = row.organisation.public_id
    record(
        kind=f"participants.invitation_{kind or row.state}",
        subject=row.public_id,
        actor=actor,
        payload=payload,
    )
