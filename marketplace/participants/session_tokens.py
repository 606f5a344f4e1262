"""How a client without cookies states its session when it signs in: as everywhere in the API."""

from __future__ import annotations

from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.http import HttpRequest

from marketplace.api.authentication import session_token_of


class MarketTokenStrategy(SessionTokenStrategy):
    """allauth's strategy, which takes the token of a session in ``Authorization`` too."""

    def get_session_token(self, request: HttpRequest) -> str | None:
        """The token that the request states, or None."""
        return session_token_of(request)
