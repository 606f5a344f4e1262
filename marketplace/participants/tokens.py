"""How bearer tokens are read: with all that a principal is made of, in one query."""

from __future__ import annotations

import hashlib
from typing import Any

from oauth2_provider.models import get_access_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator


class MarketTokenValidator(OAuth2Validator):
    """The library's validator; every request reads the token's program with the organisation for which it acts."""

    def _load_access_token(self, token: str) -> Any:
        """The token of this value, or None. Tokens are found by their SHA-256, as the library stores them."""
        checksum = hashlib.sha256(token.encode()).hexdigest()
        tokens = get_access_token_model().objects.select_related("application__organisation", "user")
        return tokens.filter(token_checksum=checksum).first()
