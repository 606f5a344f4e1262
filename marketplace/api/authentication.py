"""Authentication: OAuth 2 bearer tokens (RFC 6750) issued by the market."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from oauth2_provider.oauth2_backends import OAuthLibCore, get_oauthlib_core
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from marketplace.kernel import correlation

from . import limits
from .principal import Principal, load_principal


class _HeaderAlone(OAuthLibCore):
    """Reads a token from the header alone, so that no body is parsed before it is known who sent it."""

    def extract_body(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Nothing: RFC 6750 lets a server leave tokens in bodies aside."""
        return []


class MarketAuthentication(OAuth2Authentication):
    """Turns a valid bearer token into a principal; refuses a token that acts for no organisation."""

    def authenticate(self, request: Request) -> tuple[Principal, Any] | None:
        """The principal and its token, or None without an ``Authorization`` header. Raises AuthenticationFailed."""
        if not request.headers.get("Authorization"):
            return None
        is_valid, found = _HeaderAlone(get_oauthlib_core().server).verify_request(request, scopes=[])
        if not is_valid:
            raise AuthenticationFailed("The bearer token is unknown or has expired. Request a new one.")
        token = found.access_token
        principal = load_principal(found.user, token)
        if principal is None:
            raise AuthenticationFailed("The token does not act for any organisation of this market.")
        limits.count_call(request._request, principal.pk)
        correlation.bind(caller=principal.actor.identifier, organisation=principal.actor.organisation)
        return principal, token
