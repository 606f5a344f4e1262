"""The store of sessions: people hold a token, the market its SHA-256. Named by ``settings.SESSION_ENGINE``."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore

from marketplace.api.principal import SESSION_PREFIX
from marketplace.kernel import clock

from .models import Session

TOKEN_BYTES = 32
PROOF = "mfa"
"""allauth's name for a proof of a second factor among the steps of a session."""


def digest_of_token(token: str) -> str:
    """The key under which the session of a token is stored."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def proved_at(data: Mapping[str, Any]) -> datetime | None:
    """When the person of a session proved a second factor last, by allauth's records; None while nobody is signed in."""
    if SESSION_KEY not in data:
        return None
    steps = data.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    moments = [step["at"] for step in steps if step["method"] == PROOF]
    return datetime.fromtimestamp(max(moments), UTC) if moments else None


class SessionStore(DatabaseSessionStore):
    """Django's store in the database, whose ``session_key`` is the token; a row has its digest, its person and proof."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """The table of sessions."""
        return Session

    def _get_new_session_key(self) -> str:
        return SESSION_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)

    def _get_session_from_db(self) -> Session | None:
        """The row of the token, if it has not expired; a token without one is forgotten."""
        key = self.session_key
        row = self._rows(key).filter(expire_date__gt=clock.real_now()).first() if key else None
        if row is None:
            self._session_key = None
        return row

    def exists(self, session_key: str) -> bool:
        """Whether a session has this token."""
        return bool(self._rows(session_key).exists())

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002  # Django's signature
        """Write the session; raises UpdateError if its row is gone, as after a new password."""
        if self.session_key is None:
            self.create()
            return
        data: dict[str, Any] = self._get_session(no_load=must_create)  # type: ignore[attr-defined]  # of Django
        stated = {
            "session_data": self.encode(data),
            "expire_date": self.get_expiry_date(),
            "user_id": int(data[SESSION_KEY]) if SESSION_KEY in data else None,
            "proved_at": proved_at(data),
        }
        if must_create:
            Session.objects.create(session_key=digest_of_token(self.session_key), **stated)
        elif not self._rows(self.session_key).update(**stated):
            raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        """Delete the session of a token; of this one, without."""
        key = session_key or self.session_key
        if key:
            self._rows(key).delete()

    def _rows(self, token: str) -> Any:
        return Session.objects.filter(session_key=digest_of_token(token))
