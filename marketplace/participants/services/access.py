"""Make people as the system does: on the server, for the demo and in tests. Everybody else joins by an invitation."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import Forbidden, Missing
from marketplace.kernel.labels import Label

from ..errors import EmailTaken
from ..models import Membership, Organisation, RoleGrant, User
from ..people_fields import checked_email, checked_password, checked_roles
from ..uniqueness import translate_duplicates


@transaction.atomic
def add_member(
    *,
    actor: Actor,
    organisation: str,
    email: str,
    name: str,
    roles: Collection[str],
    password: str | None = None,
) -> User:
    """Make a person who acts for an organisation with ``roles``, as the system: no person and no program may.

    Without a ``password`` the person sets one through the reset mail. Raises EmailTaken, Forbidden, Missing, FieldInvalid.
    """
    if actor.role is not Role.SYSTEM:
        raise Forbidden(needed=Label("the administrator of the server", "サーバーの管理者"))
    target = Organisation.objects.filter(public_id=organisation).first()
    if target is None:
        raise Missing(kind="organisation", identifier=organisation)
    granted = checked_roles(target, roles)
    address = checked_email(email)
    if password is not None:
        checked_password(password)
    with translate_duplicates({"user_email_once": EmailTaken()}):
        user = User.objects.create_user(address, password, name=name.strip())
    now = clock.now()
    membership = Membership.objects.create(user=user, organisation=target, since=now)
    RoleGrant.objects.bulk_create(
        RoleGrant(membership=membership, role=role, granted_at=now, granted_by=actor.identifier)
        for role in granted
    )
    record(
        kind="participants.member_added",
        subject=target.public_id,
        actor=actor,
        payload={"user": user.public_id, "roles": granted},
    )
    return user
