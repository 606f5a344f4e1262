"""The caller of the API: the program of a token or the person of a session, and the organisation it acts for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.permissions import SCOPES, Permission, permissions_of
from marketplace.kernel.prepared import fetch_prepared

from .errors import NotAMember, OrganisationNeeded
from .models import Application
from .sessions import digest_of_token

_OF_SESSION = """
    SELECT u.public_id, s.proved_at, o.id, o.public_id, o.is_operator,
           ARRAY(SELECT g.role FROM participants_rolegrant g
                  WHERE g.membership_id = m.id AND g.revoked_at IS NULL),
           CASE WHEN o.state = 'suspended' THEN ARRAY(
                SELECT k.kind FROM participants_suspension k WHERE k.organisation_id = o.id AND NOT EXISTS (
                SELECT FROM participants_reinstatement l WHERE l.suspension_id = k.id)) END
      FROM participants_session s
      JOIN participants_user u ON u.id = s.user_id
      LEFT JOIN participants_membership m ON m.user_id = u.id AND m.ended_at IS NULL
      LEFT JOIN participants_organisation o ON o.id = m.organisation_id
     WHERE s.session_key = %s AND s.expire_date > now() AND u.is_active ORDER BY m.id
"""


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller. ``roles``: the person's roles in the organisation, sorted; none of a program."""

    actor: Actor
    is_operator: bool
    roles: tuple[str, ...] = ()
    is_authenticated: bool = True

    @property
    def pk(self) -> str:
        """The stable identifier of the caller in its organisation, for throttling and idempotency keys."""
        return f"{self.actor.identifier}@{self.actor.organisation or ''}"


def load_program(token: Any) -> Principal:
    """The program of a token as ``tokens.MarketTokenValidator`` reads it.

    It may do what its token, its own scopes and the roles that its responsible person has now all allow.
    """
    program: Application = token.application
    organisation = program.organisation
    scopes = SCOPES.intersection(program.scopes, token.scope.split())
    held, withheld = _permissions(
        token.responsible_roles, token.suspended, proved=True, is_operator=organisation.is_operator
    )
    actor = Actor(
        identifier=program.public_id,
        role=_side(is_operator=organisation.is_operator),
        organisation_id=organisation.pk,
        organisation=organisation.public_id,
        permissions=held & scopes,
        responsible=program.responsible.public_id,
        withheld=withheld & scopes,
    )
    return Principal(actor, organisation.is_operator)


def load_person(session_token: str, organisation: str | None) -> Principal | None:
    """The person of a session, in one statement; None if there is no such session.

    ``organisation``: the public identifier of the one that the person acts for; may be left out with one membership.
    Raises NotAMember, and OrganisationNeeded. Without any membership the person may manage its own access only.
    """
    rows = fetch_prepared(_OF_SESSION, [digest_of_token(session_token)])
    if not rows:
        return None
    of = {row[3]: row for row in rows if row[3] is not None}
    if organisation is not None and organisation not in of:
        raise NotAMember()
    if organisation is None and len(of) > 1:
        raise OrganisationNeeded(organisations=list(of))
    if not of:
        actor = Actor(
            identifier=rows[0][0],
            role=Role.PARTICIPANT,
            permissions=frozenset({Permission.PERSON_OWN}),
            proved_at=rows[0][1],
            responsible=rows[0][0],
        )
        return Principal(actor, is_operator=False)
    person, proved_at, key, public_id, is_operator, roles, kinds = of[organisation or rows[0][3]]
    held, withheld = _permissions(roles, kinds or (), proved=proved_at is not None, is_operator=is_operator)
    actor = Actor(
        identifier=person,
        role=_side(is_operator=is_operator),
        organisation_id=key,
        organisation=public_id,
        permissions=held,
        proved_at=proved_at,
        responsible=person,
        withheld=withheld,
    )
    return Principal(actor, is_operator, tuple(sorted(roles)))


def _permissions(
    roles: Collection[str], suspended: Collection[str], *, proved: bool, is_operator: bool
) -> tuple[frozenset[Permission], frozenset[Permission]]:
    """What roles give now, and what suspensions of the organisation withhold of it."""
    held = permissions_of(roles, proved=proved, is_operator=is_operator, suspended=suspended)
    if not suspended:
        return held, frozenset()
    return held, permissions_of(roles, proved=proved, is_operator=is_operator) - held


def _side(*, is_operator: bool) -> Role:
    return Role.OPERATOR if is_operator else Role.PARTICIPANT
