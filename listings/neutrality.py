"""What listings contribute to a neutrality bundle: searches, from which anybody recomputes the ranking.

Those of the period that several organisations made, in the order that was shown, with the day (``shown_on``); and those that
the market makes itself for published keywords (``is_sample``). Each states the words that were searched, and of each result
the places and weights of these words, the relevance, and how new it is. The description of what is for sale is public and
never changes, so is all of this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Any

from django.db import connection

from marketplace.rules.neutrality.contributions import RANKING
from marketplace.rules.neutrality.periods import Period

from .models import Listing, ShownSearch
from .queries import catalogue, relevance_of, search_listings, searching
from .search import searched_words

SAMPLES_MAX = 10
RESULTS_MAX = 50
KEYWORDS_READ_MAX = 2_000

Places = dict[str, dict[str, list[list[Any]]]]
"""By listing and word: the places of the word in it, each ``[position, weight]``."""
_PLACES = """
    SELECT l.public_id, w.lexeme, w.positions, w.weights
      FROM listings_listing l, unnest(l.search) AS w
     WHERE l.public_id = ANY(%s) AND w.lexeme = ANY(%s) ORDER BY l.id, w.lexeme
"""


def sampled_searches(_period: Period) -> Iterator[dict[str, Any]]:
    """The results of searches for the most frequent keywords of what is for sale, in the order in which they are shown."""
    rows = catalogue().prefetch_related(None).values_list("keywords", flat=True)[:KEYWORDS_READ_MAX]
    counted = Counter(keyword for keywords in rows for keyword in keywords)
    for keyword, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:SAMPLES_MAX]:
        yield {"is_sample": True, **_sample(keyword)}


def shown_searches(period: Period) -> Iterator[dict[str, Any]]:
    """The searches of a period that were kept, each with the results in the order that was shown; read day by day."""
    for number in range((period.last_day - period.first_day).days + 1):
        yield from _shown_on(period.first_day + timedelta(days=number))


def _shown_on(day: date) -> Iterator[dict[str, Any]]:
    rows = list(ShownSearch.objects.filter(day=day).order_by("number"))
    if not rows:
        return
    listings = {listing for row in rows for listing, *_ in row.results}
    keys = dict(Listing.objects.filter(public_id__in=listings).values_list("public_id", "pk"))
    places = _places(listings, {word for row in rows for word in row.words})
    for row in rows:
        shown = [
            {"listing": listing, "version": version, "relevance": relevance}
            for listing, version, relevance in row.results
        ]
        found = _search(shown, keys, places, words=row.words, others=row.others, is_either=row.is_either)
        yield {"shown_on": day.isoformat(), **found}


def _sample(text: str) -> dict[str, Any]:
    with searching():
        found = list(search_listings(catalogue(), text)[:RESULTS_MAX])
        words, is_either = searched_words(text)
    shown = [
        {
            "listing": row.public_id,
            "version": row.published_version.public_id,
            "relevance": relevance_of(row.position, row.pk),  # type: ignore[attr-defined]
        }
        for row in found
    ]
    keys = {row.public_id: row.pk for row in found}
    return _search(shown, keys, _places(keys, words), words=words, others=0, is_either=is_either)


def _places(listings: Collection[str], words: Collection[str]) -> Places:
    """The places of words in listings (public identifiers), and their weights."""
    places: Places = {listing: {} for listing in listings}
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, [list(listings), list(words)])
        for listing, lexeme, positions, weights in cursor.fetchall():
            places[listing][lexeme] = [list(pair) for pair in zip(positions, weights, strict=True)]
    return places


def _search(
    shown: list[dict[str, Any]],
    keys: dict[str, int],
    places: Places,
    *,
    words: list[str],
    others: int,
    is_either: bool,
) -> dict[str, Any]:
    """A search as a bundle shows it. ``others``: how many more words were searched, which no result states."""
    names = sorted((each["listing"] for each in shown), key=keys.__getitem__, reverse=True)
    newest = {listing: place for place, listing in enumerate(names)}
    return {
        "text": " ".join(words),
        "words": words,
        "others": others,
        "either": is_either,
        "results": [
            {
                **each,
                "newer": newest[each["listing"]],
                "places": {word: at for word, at in places[each["listing"]].items() if word in words},
            }
            for each in shown
        ],
    }


RANKING.extend((shown_searches, sampled_searches))
