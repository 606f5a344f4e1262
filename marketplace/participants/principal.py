"""The caller of the API: the program or person of a token, and the organisation it acts for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marketplace.api.permissions import READ_SCOPE, WRITE_SCOPE
from marketplace.kernel.actors import Actor, Role

from .models import Application, Membership, Organisation, User

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
    )
    return Principal(actor, scopes, organisation.is_operator, member_role)
