"""Authentication: sessions of people, and OAuth 2 bearer tokens (RFC 6750) of programs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from oauth2_provider.oauth2_backends import OAuthLibCore, get_oauthlib_core
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from marketplace.kernel import correlation

from . import limits
from .principal import SESSION_PREFIX, Principal, load_person, load_program

BEARER = "bearer"
SESSION_HEADER = "X-Session-Token"
ORGANISATION_HEADER = "Sanpo-Organisation"


class _HeaderAlone(OAuthLibCore):
    """Reads a token from the header alone, so that no body is parsed before it is known who sent it."""

    def extract_body(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Nothing: RFC 6750 lets a server leave tokens in bodies aside."""
        return []


def session_token_of(request: HttpRequest | Request) -> str | None:
    """The token of a person's session that a request states: as a bearer token, or in ``X-Session-Token``."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == BEARER and token.strip().startswith(SESSION_PREFIX):
        return token.strip()
    return request.headers.get(SESSION_HEADER)


class MarketAuthentication(OAuth2Authentication):
    """Turns the token of a session, or of a program, into a principal."""

    def authenticate(self, request: Request) -> tuple[Principal, Any] | None:
        """The principal and its token, or None without one. Raises AuthenticationFailed, and what ``load_person`` raises.

        A person says by the header ``Sanpo-Organisation`` for which of its organisations it acts.
        """
        session = session_token_of(request)
        if session is not None:
            person = load_person(session, request.headers.get(ORGANISATION_HEADER))
            if person is None:
                raise AuthenticationFailed("The session is unknown or has ended. Sign in again.")
            return _known(request, person), session
        if not request.headers.get("Authorization"):
            return None
        is_valid, found = _HeaderAlone(get_oauthlib_core().server).verify_request(request, scopes=[])
        if not is_valid:
            raise AuthenticationFailed("The bearer token is unknown or has expired. Request a new one.")
        return _known(request, load_program(found.access_token)), found.access_token


def _known(request: Request, principal: Principal) -> Principal:
    """The principal, whose request is counted and of whom the logs speak from now on. Raises TooManyRequests."""
    limits.count_call(request._request, principal.actor.identifier)
    correlation.bind(caller=principal.actor.identifier, organisation=principal.actor.organisation)
    return principal
