"""Grants: what the API gives a buyer who is sent to the downloads process by another address.

A grant is a signed text in the address, valid for a minute, for one caller, one file and the use that the caller stated. The downloads process checks
the rules of access again; the grant only says who asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from delivery.services import Statement
from marketplace.api import limits
from marketplace.api.authentication import MarketAuthentication
from marketplace.api.credentials import GRANT
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.permissions import Permission
from marketplace.participants.queries import organisations_by_public_id

SALT = "delivery.grant"


@dataclass(frozen=True, slots=True)
class Bearer:
    """The caller whom a grant names, and what it stated."""

    actor: Actor
    statement: Statement
    is_operator: bool = False
    is_authenticated: bool = True

    @property
    def pk(self) -> str:
        """The stable identifier of the caller, for throttling."""
        return self.actor.identifier


def stated_in(request: Request) -> Statement:
    """What the caller states of its access: in the query, or in the grant that it was given for what it stated; raises FieldInvalid."""
    if isinstance(request.user, Bearer):
        return request.user.statement
    return Statement(request.query_params.get("purpose", ""), request.query_params.get("region", ""))


def granted_address(*, actor: Actor, path: str, statement: Statement) -> str:
    """Where the downloads process sends the file of the API's ``path`` to ``actor``, for ``GRANT_SECONDS_MAX`` seconds."""
    text = signing.dumps(
        [path, actor.identifier, actor.organisation, statement.purpose, statement.region], salt=SALT
    )
    return f"{settings.DOWNLOADS_URL}{path}?{urlencode({GRANT: text})}"


class GrantAuthentication(MarketAuthentication):
    """Takes a grant for the address that is asked for, or else a bearer token as everywhere."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """The caller; raises AuthenticationFailed for a grant that is forged, expired or for another address."""
        text = request.query_params.get(GRANT)
        if text is None:
            return super().authenticate(request)
        try:
            path, identifier, organisation, purpose, region = signing.loads(
                text, salt=SALT, max_age=settings.GRANT_SECONDS_MAX
            )
        except signing.BadSignature as error:
            raise AuthenticationFailed(
                "The grant has expired or is invalid. Ask the API for the file again."
            ) from error
        if path != request.path:
            raise AuthenticationFailed("The grant is for another file. Ask the API for this one.")
        row = organisations_by_public_id([organisation])[organisation]
        limits.count_call(request._request, identifier)
        actor = Actor(
            identifier, Role.PARTICIPANT, row.id, organisation, frozenset({Permission.DELIVERIES_READ})
        )
        return Bearer(actor, Statement(purpose, region)), text
