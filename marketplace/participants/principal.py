"""The caller of the API: the program or person of a token, and the organisation it acts for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.permissions import (
    OPERATOR_ROLES,
    PARTICIPANT_ROLES,
    READS,
    Permission,
    permissions_of,
)

from .models import Application, Membership, Organisation, User

READ_SCOPE = "market:read"
WRITE_SCOPE = "market:write"
SESSION_SCOPES = frozenset({READ_SCOPE, WRITE_SCOPE})


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller. ``member_role``: the person's role in the organisation, None for a program."""

    actor: Actor
    scopes: frozenset[str]
    is_operator: bool
    member_role: str | None = None
    is_authenticated: bool = True

    @property
    def pk(self) -> str:
        """The stable identifier of the caller, for throttling and idempotency keys."""
        return self.actor.identifier


def load_principal(user: Any, token: Any) -> Principal | None:
    """The principal of an OAuth ``token``, or of a session's ``user``; None if it acts for no organisation.

    A program's token acts for the organisation of its application. A person acts for the organisation of its
    membership, and through an organisation's application only if it is the same organisation.
    """
    application: Application | None = token.application if token is not None else None
    scopes = frozenset(token.scope.split()) if token is not None else SESSION_SCOPES
    person = user if isinstance(user, User) else None
    if person is None:
        if application is None or application.organisation is None:
            return None
        return _principal(application.public_id, application.organisation, scopes)
    membership = Membership.objects.select_related("organisation").filter(user=person).first()
    if membership is None or not person.is_active:
        return None
    if application is not None and application.organisation_id not in (None, membership.organisation_id):
        return None
    return _principal(person.public_id, membership.organisation, scopes, membership.role)


def _principal(
    identifier: str, organisation: Organisation, scopes: frozenset[str], member_role: str | None = None
) -> Principal:
    actor = Actor(
        identifier=identifier,
        role=Role.OPERATOR if organisation.is_operator else Role.PARTICIPANT,
        organisation_id=organisation.pk,
        organisation=organisation.public_id,
        permissions=_permissions_of(scopes, is_operator=organisation.is_operator),
        proved_at=clock.real_now(),
        responsible=identifier,
    )
    return Principal(actor, scopes, organisation.is_operator, member_role)


def _permissions_of(scopes: frozenset[str], *, is_operator: bool) -> frozenset[Permission]:
    """What the two scopes give on one side: all that it may read, and all that it may change."""
    held = permissions_of(
        OPERATOR_ROLES if is_operator else PARTICIPANT_ROLES, proved=True, is_operator=is_operator
    )
    readable = held & READS if READ_SCOPE in scopes else frozenset()
    changeable = held - READS if WRITE_SCOPE in scopes else frozenset()
    return frozenset(readable | changeable)
