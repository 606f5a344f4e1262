"""What listings contribute to a neutrality bundle: samples of search, from which anybody recomputes the ranking.

The market searches its own catalogue for published keywords. A sample states the words that were searched, and of each
result the places and weights of these words, the relevance, and how new it is. What is for sale is public, so is all of this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db import connection

from marketplace.rules.neutrality.contributions import RANKING

from .queries import POSITIONS, catalogue, search_listings, searching
from .search import searched_words

SAMPLES_MAX = 10
RESULTS_MAX = 50
KEYWORDS_READ_MAX = 2_000

_PLACES = """
    SELECT l.public_id, w.lexeme, w.positions, w.weights
      FROM listings_listing l, unnest(l.search) AS w
     WHERE l.public_id = ANY(%s) AND w.lexeme = ANY(%s) ORDER BY l.id, w.lexeme
"""


def sampled_searches() -> Iterator[dict[str, Any]]:
    """The results of searches for the most frequent keywords of what is for sale, in the order in which they are shown."""
    rows = catalogue().prefetch_related(None).values_list("keywords", flat=True)[:KEYWORDS_READ_MAX]
    counted = Counter(keyword for keywords in rows for keyword in keywords)
    for keyword, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:SAMPLES_MAX]:
        yield _sample(keyword)


def _sample(text: str) -> dict[str, Any]:
    with searching():
        found = search_listings(catalogue().prefetch_related(None), text)
        results = [(row.pk, row.public_id, row.position) for row in found[:RESULTS_MAX]]  # type: ignore[attr-defined]
        lexemes, is_either = searched_words(text)
    newest = {key: place for place, key in enumerate(sorted((row[0] for row in results), reverse=True))}
    places: dict[str, dict[str, list[list[Any]]]] = {public_id: {} for _, public_id, _ in results}
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, [list(places), lexemes])
        for public_id, lexeme, positions, weights in cursor.fetchall():
            places[public_id][lexeme] = [list(pair) for pair in zip(positions, weights, strict=True)]
    return {
        "text": text,
        "words": lexemes,
        "either": is_either,
        "results": [
            {
                "listing": public_id,
                "relevance": relevance_of(position, key),
                "newer": newest[key],
                "places": places[public_id],
            }
            for key, public_id, position in results
        ],
    }


def relevance_of(position: int, key: int) -> int:
    """The relevance in a result's position (``queries.search_listings``)."""
    return (position - key) // POSITIONS


RANKING.append(sampled_searches)
