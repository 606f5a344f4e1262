"""Keeps the order of results that searches showed, of searches that several organisations made, so that anybody recomputes it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, cast

from django.core.cache import cache
from django.db import connection
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.caching import RedisCache
from marketplace.kernel.canonical import digest_of

from ..models import SEARCH_WORDS_MAX, SEARCHERS_MIN, SEARCHES_A_DAY_MAX, Listing, ShownSearch
from ..queries import relevance_of
from ..search import searched_words

logger = logging.getLogger(__name__)

RESULTS_MAX = 50
SECONDS = 24 * 3600
"""So long the cache knows, as a keyed digest, that an organisation made a search, and that nothing more is kept of one."""

_STATED = """
    SELECT DISTINCT w.lexeme FROM listings_listing l, unnest(l.search) AS w
     WHERE l.id = ANY(%s) AND w.lexeme = ANY(%s)
"""


def keep_shown_search(*, actor: Actor | None, text: str, shown: Sequence[Listing]) -> bool:
    """Keep the order ``shown`` for ``text``, once ``SEARCHERS_MIN`` organisations searched for it on the day; returns whether.

    ``shown``: the first page of results, with ``position`` and ``published_version``. Of the searched words only those are
    kept that a result states, so no word that is not public. The operator and people without a session count as nobody.
    """
    if actor is None or actor.organisation is None or actor.may_see() or not shown:
        return False
    settled = f"searched:{clock.today().isoformat()}:{digest_of([text])}"
    if cache.get(settled):
        return False
    words, is_either = searched_words(text)
    searchers = _searchers(digest_of([words, is_either]), actor.organisation)
    if searchers < SEARCHERS_MIN:
        return False
    first = shown[:RESULTS_MAX]
    stated = _stated([row.pk for row in first], words)
    if not 1 <= len(stated) <= SEARCH_WORDS_MAX:
        return False
    today = ShownSearch.objects.filter(day=clock.today())
    same = {"words": stated, "others": len(words) - len(stated), "is_either": is_either}
    number = today.count() + 1
    if today.filter(**same).exists() or number > SEARCHES_A_DAY_MAX:
        cache.set(settled, 1, SECONDS)
        return False
    if number > _places_by_now():
        return False
    kept = ShownSearch(
        day=clock.today(), number=number, searchers=searchers, results=list(map(_result, first)), **same
    )
    # Another that was kept at the same moment is as good.
    ShownSearch.objects.bulk_create([kept], ignore_conflicts=True)
    cache.set(settled, 1, SECONDS)
    return True


def _places_by_now() -> int:
    """The places of the day open one after the other, so that nobody takes all of them in its first minutes."""
    passed = clock.now().astimezone(clock.market_zone())
    return max(1, SEARCHES_A_DAY_MAX * (passed.hour + 1) // 24)


def _searchers(search: str, organisation: str) -> int:
    """How many organisations made a search today, this one included; 0 while the cache does not answer."""
    day = clock.today().isoformat()
    who = salted_hmac(f"listings.searched.{day}.{search}", organisation, algorithm="sha256").hexdigest()
    counter, count = cast(RedisCache, cache), f"searchers:{day}:{search}"
    try:
        if cache.add(f"searcher:{day}:{who}", 1, SECONDS):
            return counter.count({count: SECONDS})[0]
        return counter.counts([count])[0]
    except RedisError as error:
        logger.warning("cache unavailable; a shown search is not kept: %s", error)
        return 0


def _stated(listings: list[int], words: list[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_STATED, [listings, words])
        return sorted(word for (word,) in cursor.fetchall())


def _result(row: Listing) -> list[Any]:
    position: int = row.position  # type: ignore[attr-defined]
    return [row.public_id, row.published_version.public_id, relevance_of(position, row.pk)]
