"""Rate limits per caller. While Redis is down they are off, so that the market keeps working."""

from __future__ import annotations

import logging
from typing import Any

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

logger = logging.getLogger(__name__)


class ParticipantThrottle(SimpleRateThrottle):
    """Requests per minute of one caller, or of one address without a token: ``DEFAULT_THROTTLE_RATES["participant"]``."""

    scope = "participant"

    def get_cache_key(self, request: Request, view: Any) -> str:
        """One counter per caller."""
        known = request.user and request.user.is_authenticated
        ident = request.user.pk if known else self.get_ident(request)
        return f"throttle:{ident}"

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether the caller is within its limit; True while the cache is unavailable."""
        try:
            return bool(super().allow_request(request, view))
        except (RedisError, OSError) as error:
            logger.warning("throttling is off while the cache is unavailable: %s", error)
            return True
