"""Join an organisation by accepting its invitation: by the invited person alone."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance

from ..errors import AlreadyAMember, InvitationUnknown, SignInToJoin, StaffApart
from ..models import Invitation, Membership, Organisation, RoleGrant, User
from ..people_fields import checked_password, required_text
from ..states import INVITATION, InvitationState
from ..tokens_of_invitations import invitation_token_digest
from ..uniqueness import translate_duplicates
from .changing_members import replace_owners
from .inviting import end_accepted, require_inviter


@transaction.atomic
def accept_invitation(*, token: str, name: str, password: str) -> Membership:
    """Accept an invitation as somebody without a login: makes the login of the invited address, and joins.

    Whoever has the token read the mail at that address. Raises InvitationUnknown, SignInToJoin, FieldInvalid.
    """
    invitation = _locked_by_token(token)
    if User.objects.filter(email=invitation.email).exists():
        raise SignInToJoin()
    stated = required_text("name", name)
    with translate_duplicates({"user_email_once": SignInToJoin()}):
        user = User.objects.create_user(
            invitation.email, checked_password(password), name=stated, language=invitation.language
        )
    return _join(invitation, user)


@transaction.atomic
def join_organisation(*, actor: Actor, token: str) -> Membership:
    """Accept an invitation as the signed-in person to whose address it was sent. For everybody else there is none.

    Raises InvitationUnknown, StaffApart, AlreadyAMember, PermissionNeeded, Forbidden.
    """
    actor.require(Permission.PERSON_OWN)
    actor.require_person()
    user = User.objects.get(public_id=actor.identifier)
    return _join(_locked_by_token(token, email=user.email), user)


def _locked_by_token(token: str, **narrowed: str) -> Invitation:
    """The open invitation of a token, locked after its organisation; raises InvitationUnknown."""
    alive = Invitation.objects.filter(
        token_digest=invitation_token_digest(token),
        state=InvitationState.OPEN,
        expires_at__gt=clock.now(),
        **narrowed,
    )
    key = alive.values_list("organisation_id", flat=True).first()
    if key is None:
        raise InvitationUnknown()
    Organisation.objects.select_for_update(no_key=True).get(pk=key)
    row = alive.select_for_update(no_key=True, of=("self",)).select_related("organisation").first()
    if row is None:
        raise InvitationUnknown()
    require_inviter(row)
    return row


def _join(invitation: Invitation, user: User) -> Membership:
    """Make the membership, and grant what the invitation promises."""
    # Locked, as the guard locks it: a person does not join two organisations at the same time.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    others = Membership.objects.filter(user=user, ended_at=None).exclude(
        organisation_id=invitation.organisation_id
    )
    organisation = invitation.organisation
    if (others.exists() and organisation.is_operator) or others.filter(
        organisation__is_operator=True
    ).exists():
        raise StaffApart()
    now = clock.now()
    person = Actor(user.public_id, Role.OPERATOR if organisation.is_operator else Role.PARTICIPANT)
    advance(invitation, INVITATION, command="accept", role="invited", ended_by=user.public_id, ended_at=now)
    known = Membership.objects.filter(user=user, organisation=organisation, ended_at=None).first()
    if known is not None and invitation.recovery_id is not None:
        # A member of the organisation becomes its owner.
        end_accepted(invitation, known, person)
        replace_owners(known)
        return known
    membership = _new_membership(invitation, user, now)
    end_accepted(invitation, membership, person)
    if invitation.recovery_id is not None:
        replace_owners(membership)
    return membership


def _new_membership(invitation: Invitation, user: User, now: datetime) -> Membership:
    """The membership, with the roles that the invitation promises."""
    with translate_duplicates({"membership_live_once": AlreadyAMember()}):
        membership = Membership.objects.create(
            user=user, organisation=invitation.organisation, since=now, invitation=invitation
        )
    RoleGrant.objects.bulk_create(
        RoleGrant(membership=membership, role=role, granted_at=now, granted_by=invitation.invited_by)
        for role in invitation.roles
    )
    return membership
