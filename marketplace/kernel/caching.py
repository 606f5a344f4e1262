"""The cache in Redis, whose client is made once: Django makes one for every operation, which takes longer than sending it."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.core.cache.backends import redis
from redis import ConnectionPool, Redis


class KeptClient(redis.RedisCacheClient):
    """Django's client of a cache, which keeps its connection pools and, beside them, their clients."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """As Django's; a client of Redis may be shared by threads, and survives a fork like its pool."""
        super().__init__(*arguments, **options)
        self._client = cache(_client_of)


def _client_of(*, connection_pool: ConnectionPool) -> Redis:
    return Redis(connection_pool=connection_pool)


class RedisCache(redis.RedisCache):
    """Django's cache in Redis, with clients that are kept."""

    def __init__(self, *arguments: Any) -> None:
        """As Django's."""
        super().__init__(*arguments)
        self._class = KeptClient
