"""Full-text search of listings, in Japanese and English.

SudachiPy splits Japanese into words and normalises them; PostgreSQL stems English. Text that neither finds is searched
as a substring: from three characters by pg_trgm, of two by the pairs that are stored. The order of results depends on the weights below only, never on the seller.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import add

from django.contrib.postgres.search import CombinedSearchVector, SearchQuery, SearchRank, SearchVector
from django.db import connection
from django.db.models import BigIntegerField, F, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Round

from marketplace.kernel.japanese import split_words

CONTENT_CLASSES = frozenset({"名詞", "動詞", "形容詞", "形状詞", "副詞", "接頭辞", "接尾辞"})
"""Content parts of speech (UniDic); particles, auxiliaries and marks are left out."""

CHUNK_CHARACTERS = 2_000
QUERY_CHARACTERS_MAX = 200
PAIR_CHARACTERS = 2
RANK_SCALE = 1_000_000


def normalise(text: str) -> str:
    """``text`` in compatibility form (NFKC) with spaces collapsed, so that full-width and half-width match."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def words(text: str) -> list[str]:
    """The content words of ``text``, normalised, in order, with repetitions."""
    return [word for chunk in _chunks(normalise(text)) for word in _words_of(chunk)]


def _chunks(text: str) -> Iterator[str]:
    # The tokenizer takes at most 49,149 bytes; cut between words where possible.
    while len(text) > CHUNK_CHARACTERS:
        end = max(text.rfind(mark, 0, CHUNK_CHARACTERS) for mark in (" ", "。", "、")) + 1
        yield text[: end or CHUNK_CHARACTERS]
        text = text[end or CHUNK_CHARACTERS :]
    yield text


def _words_of(text: str) -> Iterator[str]:
    for morpheme in split_words(text):
        if morpheme.part_of_speech()[0] in CONTENT_CLASSES:
            yield morpheme.normalized_form().lower()


def substring_text(parts: Sequence[str]) -> str:
    """The text that substring search uses."""
    return normalise("\n".join(parts))


def substring_pairs(text: str) -> list[str]:
    """The pairs of neighbouring characters in ``text`` that two-character search uses, sorted.

    Pairs of ASCII characters are left out: two letters are searched as a word.
    """
    letters = text.lower()
    pairs = {letters[at : at + PAIR_CHARACTERS] for at in range(len(letters) - 1)}
    return sorted(pair for pair in pairs if not pair.isascii() and not any(map(str.isspace, pair)))


def document_vector(
    *, title: Mapping[str, str], description: Mapping[str, str], keywords: Sequence[str], source: str
) -> CombinedSearchVector:
    """The weighted search vector of a description: title A, keywords B, description C, source D."""
    weighted = (
        ("A", title),
        ("B", {"ja": " ".join(keywords), "en": " ".join(keywords)}),
        ("C", description),
        ("D", {"ja": source, "en": source}),
    )
    vectors = [
        vector
        for weight, texts in weighted
        for vector in (
            SearchVector(
                Value(" ".join(words(f"{texts['ja']} {texts['en']}"))), config="simple", weight=weight
            ),
            SearchVector(Value(normalise(texts["en"])), config="english", weight=weight),
        )
    ]
    combined: CombinedSearchVector = reduce(add, vectors)  # type: ignore[assignment]
    return combined


def search_condition(text: str) -> tuple[Q, Combinable]:
    """The filter for a search ``text``, and the relevance to order by (an integer, higher is better)."""
    wanted = normalise(text)[:QUERY_CHARACTERS_MAX]
    query = SearchQuery(" ".join(words(wanted)), config="simple") | SearchQuery(wanted, config="english")
    rank = SearchRank(F("search"), query)
    # An integer, because cursor pagination continues from the exact value.
    relevance = Cast(Coalesce(Round(rank * RANK_SCALE), 0.0), BigIntegerField())
    found = Q(search=query)
    if len(wanted) > PAIR_CHARACTERS:
        found |= Q(search_text__icontains=wanted)
    elif pairs := substring_pairs(wanted):
        found |= Q(search_pairs__contains=pairs)
    return found, relevance


_SEARCHED = """
    SELECT (simple || english)::text, numnode(simple) > 0 AND numnode(english) > 0
      FROM plainto_tsquery('simple', %s) AS simple, plainto_tsquery('english', %s) AS english
"""
_LEXEME = re.compile(r"'((?:[^']|'')*)'")


def searched_words(text: str) -> tuple[list[str], bool]:
    """The words that a search for ``text`` looks for, sorted, each once; and whether it looks for those of either language.

    Of one language alone, relevance counts how near the words stand to each other.
    """
    wanted = normalise(text)[:QUERY_CHARACTERS_MAX]
    with connection.cursor() as cursor:
        cursor.execute(_SEARCHED, [" ".join(words(wanted)), wanted])
        query, is_either = cursor.fetchone()
    return sorted({found.replace("''", "'") for found in _LEXEME.findall(query)}), bool(is_either)
