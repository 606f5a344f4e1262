"""Rules and fees that are aimed at somebody, or look so: listed in the neutrality report, and judged by nobody here.

A rule that names a party; a tariff that charges one exact price, or a segment in which at most one seller is admitted,
otherwise; and a version of the rulebook that was in force for less than ``short_lived_minutes``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from ..aims import by_point, exact_prices, names_party, segments_of_one
from ..cel import ExpressionRefused, UnknownEvaluator
from ..models import Rulebook
from ..queries import parameter
from ..rulebook import CompiledRulebook

VERSIONS_MAX = 200


class Aim(StrEnum):
    """In what way an entry of a rulebook is aimed at somebody."""

    NAMES_A_PARTY = "names_a_party"
    EXACT_PRICE = "exact_price"
    ONE_SELLER = "one_seller"
    SHORT_LIVED = "short_lived"


def aimed_entries(sellers: Mapping[str, int], *, before: datetime | None = None) -> list[dict[str, Any]]:
    """What of the newest ``VERSIONS_MAX`` rulebooks is aimed: ``{"rulebook", "number", "entry", "aim"}``, newest first.

    ``entry`` is the code of the rule or tariff, empty for a whole version. Those published ``before`` a moment, or all;
    how long they lived is as known then.
    """
    versions = Rulebook.objects.order_by("-number")
    newest = list((versions if before is None else versions.filter(published_at__lt=before))[:VERSIONS_MAX])
    found = [
        {"rulebook": rulebook.public_id, "number": rulebook.number, "entry": entry, "aim": aim.value}
        for rulebook in newest
        for entry, aim in sorted(set(aims_of(rulebook.document, rulebook.vocabulary, sellers)))
    ]
    shortest = timedelta(minutes=parameter("short_lived_minutes", at=before))
    found += [
        {"rulebook": row.public_id, "number": row.number, "entry": "", "aim": Aim.SHORT_LIVED.value}
        for row, lived in _lifetimes(newest)
        if timedelta() < lived < shortest
    ]
    return sorted(found, key=lambda row: (-row["number"], row["entry"], row["aim"]))


def aims_of(
    document: Mapping[str, Any], vocabulary: Mapping[str, Any], sellers: Mapping[str, int]
) -> Iterator[tuple[str, Aim]]:
    """Each entry of a document that is aimed, by its code, and how; ``sellers`` counts those admitted to each segment."""
    tariffs = document.get("tariffs", [])
    for entry in (*document["rules"], *tariffs):
        if names_party(entry, vocabulary):
            yield entry["code"], Aim.NAMES_A_PARTY
    try:
        compiled = CompiledRulebook(document, vocabulary)
    except (ExpressionRefused, UnknownEvaluator):
        return
    for of_point in by_point(tariffs):
        yield from ((code, Aim.EXACT_PRICE) for code in exact_prices(compiled, of_point))
        yield from ((code, Aim.ONE_SELLER) for code in segments_of_one(compiled, of_point, sellers))


def _lifetimes(newest: list[Rulebook]) -> Iterator[tuple[Rulebook, timedelta]]:
    """Each version that was replaced, and how long it was in force: until a later number took effect."""
    later: Rulebook | None = None
    for row in newest:
        if later is not None:
            yield row, later.effective_from - row.effective_from
        if later is None or row.effective_from < later.effective_from:
            later = row
