"""Countries and areas by their two-letter codes of ISO 3166-1, named in both languages (CLDR)."""

from __future__ import annotations

from functools import cache

from babel import Locale

from marketplace.kernel.labels import Label

NO_COUNTRIES = frozenset(
    ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"]
)
"""Codes that CLDR names and ISO 3166-1 does not assign: reserved ones, groupings and codes for private use."""


@cache
def country_codes() -> frozenset[str]:
    """The codes that rights of use may name: each has a name in both languages."""
    english, japanese = ({str(code) for code in Locale(each).territories} for each in ("en", "ja"))
    return frozenset(code for code in english & japanese if len(code) == 2) - NO_COUNTRIES


def country(code: str) -> Label:
    """The name of a country; of any other code, the code itself."""
    return Label(*(Locale(language).territories.get(code, code) for language in ("en", "ja")))
