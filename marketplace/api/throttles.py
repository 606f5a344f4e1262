"""Limits on how often one caller may ask. Without Redis nobody is held back: the market goes on."""

from __future__ import annotations

import logging
from typing import Any

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

logger = logging.getLogger(__name__)


class ParticipantThrottle(SimpleRateThrottle):
    """Requests of one caller (or address, for the public) in a minute: ``DEFAULT_THROTTLE_RATES["participant"]``."""

    scope = "participant"

    def get_cache_key(self, request: Request, view: Any) -> str:
        """One counter a caller."""
        known = request.user and request.user.is_authenticated
        ident = request.user.pk if known else self.get_ident(request)
        return f"throttle:{ident}"

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether the caller is within its limit; True while the cache does not answer."""
        try:
            return bool(super().allow_request(request, view))
        except (RedisError, OSError) as error:
            logger.warning("throttling is off while the cache does not answer: %s", error)
            return True
