"""Authentication: OAuth 2 bearer tokens (RFC 6750) issued by the market."""

from __future__ import annotations

from typing import Any

from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from marketplace.kernel import correlation

from .principal import Principal, load_principal


class MarketAuthentication(OAuth2Authentication):
    """Turns a valid bearer token into a principal; refuses a token that acts for no organisation."""

    def authenticate(self, request: Request) -> tuple[Principal, Any] | None:
        """The principal and its token, or None without an ``Authorization`` header. Raises AuthenticationFailed."""
        result = super().authenticate(request)
        if result is None:
            if request.headers.get("Authorization"):
                raise AuthenticationFailed("The bearer token is unknown or has expired. Request a new one.")
            return None
        user, token = result
        principal = load_principal(user, token)
        if principal is None:
            raise AuthenticationFailed("The token does not act for any organisation of this market.")
        correlation.bind(caller=principal.actor.identifier, organisation=principal.actor.organisation)
        return principal, token
