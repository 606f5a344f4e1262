"""How many requests the market takes of one caller or address. While Redis is down nothing is counted or refused.

What is counted, in windows of the period that ``settings.RATES`` names:

| rate | by | of |
|---|---|---|
| ``participant`` | person or program | requests with its credential, whichever token it uses |
| ``anonymous`` | address | requests whose credential nobody read: without one, or where none is needed |
| ``bad_token`` | address, and credential | requests that were refused as of an unknown caller (401) |
| ``token`` | address | requests for tokens (``/oauth/``) |
| ``login`` | address | forms and requests that sign in or change an account |
| ``registration`` | address | commands of applicants for registration, over the API or the pages |
| ``invitation`` | address | acceptances of invitations, over the API or the page |

An address that sent too many bad credentials is not listened to for a while; but a credential that worked within the
hour still is, so that nobody is locked out by a neighbour behind the same address.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest
from redis.exceptions import RedisError

from marketplace.kernel.caching import RedisCache
from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label

from .credentials import credential_of

logger = logging.getLogger(__name__)

PERIOD_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
KNOWN_SECONDS = 3600
CALL_COUNTED = "sanpo.call_counted"


class TooManyRequests(DomainError):
    """So many requests are not taken within the period. Fields: ``limit`` (a rate), ``retry_after_seconds``."""

    code = "throttled"
    category = Category.EXHAUSTED
    detail = Label(
        "More than {limit} requests of this kind. Wait {retry_after_seconds} seconds.",
        "この種類のリクエストが上限（{limit}）を超えました。{retry_after_seconds}秒待ってください。",
    )


@dataclass(frozen=True, slots=True)
class Counter:
    """Requests under one rate (a name in ``settings.RATES``) of one ``subject``: a caller, an address or a digest."""

    rate: str
    subject: str

    @property
    def requests_max(self) -> int:
        """How many there may be in one window."""
        return parse_rate(settings.RATES[self.rate])[0]

    @property
    def seconds(self) -> int:
        """The length of a window."""
        return parse_rate(settings.RATES[self.rate])[1]

    @property
    def key(self) -> str:
        """Where the requests of the present window are counted."""
        return f"limit:{self.rate}:{int(time.time() // self.seconds)}:{self.subject}"

    def exceeded(self) -> TooManyRequests:
        """The refusal, which says when the next window begins."""
        left = self.seconds - time.time() % self.seconds
        return TooManyRequests(limit=settings.RATES[self.rate], retry_after_seconds=math.ceil(left))


@cache
def parse_rate(rate: str) -> tuple[int, int]:
    """Requests and seconds of ``600/min``; the period is known by its first letter: second, minute, hour, day."""
    count, _, period = rate.partition("/")
    return int(count), PERIOD_SECONDS[period[0]]


def count_call(request: HttpRequest, caller: str) -> None:
    """Count a request of a person or program whose credential has just been found true. Raises TooManyRequests."""
    request.META[CALL_COUNTED] = True
    take([Counter("participant", caller)], known=credential_of(request))


def is_call_counted(request: HttpRequest) -> bool:
    """Whether authentication knew who sends this request."""
    return CALL_COUNTED in request.META


def take(counters: Sequence[Counter], *, known: str = "") -> None:
    """Count a request on each, as ``count`` does. Raises TooManyRequests where that is more than the rate."""
    for counter, requests in zip(counters, count(counters, known=known), strict=True):
        if requests > counter.requests_max:
            raise counter.exceeded()


def count(counters: Sequence[Counter], *, known: str = "") -> list[int]:
    """Count a request on each; what each has now. ``known``: the digest of a credential that has just worked."""
    expiring = {each.key: each.seconds for each in counters}
    if known:
        expiring[_known_key(known)] = KNOWN_SECONDS
    try:
        return _cache().count(expiring)[: len(counters)]
    except (RedisError, OSError) as error:
        _tell(error)
        return [0 for _ in counters]


def require_left(counters: Sequence[Counter], *, unless_known: Sequence[Counter], credential: str) -> None:
    """Refuse a request before it costs anything. Raises TooManyRequests where a counter has reached its rate.

    Those of ``unless_known`` do not matter for a ``credential`` (its digest) that worked within ``KNOWN_SECONDS``.
    """
    read = [*counters, *unless_known]
    try:
        counts = _cache().counts([*(each.key for each in read), _known_key(credential)])
    except (RedisError, OSError) as error:
        _tell(error)
        return
    relevant = counters if counts.pop() else read
    for counter, requests in zip(relevant, counts, strict=False):
        if requests >= counter.requests_max:
            raise counter.exceeded()


def _known_key(credential: str) -> str:
    return f"limit:known:{credential}"


def _cache() -> RedisCache:
    return cast(RedisCache, caches["default"])


def _tell(error: Exception) -> None:
    logger.warning("throttling is off while the cache is unavailable: %s", error)
