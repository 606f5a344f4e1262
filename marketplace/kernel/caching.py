"""The cache in Redis, which is empty while Redis does not answer, and counters.

Its client is made once: Django makes one for every operation, which takes longer than sending it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from django.core.cache.backends import redis
from redis import ConnectionPool, Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

T = TypeVar("T")


class KeptClient(redis.RedisCacheClient):
    """Django's client of a cache, which keeps its connection pools and, beside them, their clients.

    Without Redis it knows nothing and keeps nothing, but says so to nobody: what is cached can be done without.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """As Django's; a client of Redis may be shared by threads, and survives a fork like its pool."""
        super().__init__(*arguments, **options)
        self._client = cache(_client_of)

    def add(self, *arguments: Any) -> bool:
        """As Django's; true without Redis, where no other has added it."""
        return _unless_down(super().add, arguments, otherwise=True)

    def get(self, key: Any, default: Any) -> Any:
        """As Django's."""
        return _unless_down(super().get, (key, default), otherwise=default)

    def set(self, *arguments: Any) -> None:
        """As Django's."""
        _unless_down(super().set, arguments, otherwise=None)

    def delete(self, *arguments: Any) -> bool:
        """As Django's."""
        return _unless_down(super().delete, arguments, otherwise=False)


def _unless_down(operation: Callable[..., T], arguments: tuple[Any, ...], *, otherwise: T) -> T:
    try:
        return operation(*arguments)
    except (RedisError, OSError) as error:
        logger.warning("cache unavailable: %s", error)
        return otherwise


def _client_of(*, connection_pool: ConnectionPool) -> Redis:
    return Redis(connection_pool=connection_pool)


class RedisCache(redis.RedisCache):
    """Django's cache in Redis, with clients that are kept, and counters, which raise RedisError while Redis does not answer."""

    def __init__(self, *arguments: Any) -> None:
        """As Django's."""
        super().__init__(*arguments)
        self._class = KeptClient

    def count(self, expiring: Mapping[str, int]) -> list[int]:
        """Count one more of each name; what each has now. A name is forgotten after its seconds without another."""
        pipeline = self._client().pipeline(transaction=False)
        for name, seconds in expiring.items():
            key = self.make_and_validate_key(name)
            pipeline.incr(key)
            pipeline.expire(key, seconds)
        counts: list[int] = pipeline.execute()[::2]
        return counts

    def counts(self, names: Sequence[str]) -> list[int]:
        """What each name has, without counting."""
        found = self._client().mget([self.make_and_validate_key(name) for name in names])
        return [int(each or 0) for each in found]

    def _client(self) -> Any:
        return self._cache.get_client(write=True)
