"""The reference that travels with a settlement payment and comes back on the bank's statement. Pure.

``JPY00001-000012``: currency, number of the cycle, number of the payment in it; 20 characters at most, of those
that domestic transfers carry. Payments that belong to no cycle are counted on their own, under ``JPY00000`` and, from
the millionth on, under numbers of six digits and more that begin with a zero, as no cycle's number of that length does.
"""

from __future__ import annotations

import re
import unicodedata

SERIES = 1_000_000
SERIES_MAX = 99_999

_PATTERN = re.compile(r"(?<![0-9A-Z])[A-Z]{3}[0-9]{5,9}-[0-9]{6}(?![0-9A-Z])")


def payment_reference(currency: str, cycle_number: int, sequence: int) -> str:
    """The reference of a payment; ValueError where it would not fit."""
    reference = f"{currency}{cycle_number:05d}-{sequence:06d}"
    if not _PATTERN.fullmatch(reference):
        raise ValueError(f"{reference} does not fit a transfer")
    return reference


def own_payment_reference(currency: str, sequence: int) -> str:
    """The reference of a payment that belongs to no cycle, by its number in the currency; ValueError from 10^11 on."""
    series, number = divmod(sequence, SERIES)
    reference = f"{currency}{f'0{series:05d}' if series else '00000'}-{number:06d}"
    if series > SERIES_MAX or not _PATTERN.fullmatch(reference):
        raise ValueError(f"{reference} does not fit a transfer")
    return reference


def find_payment_references(text: str) -> list[str]:
    """References that stand in ``text``, whatever its width and case, without repeats."""
    return list(dict.fromkeys(_PATTERN.findall(unicodedata.normalize("NFKC", text).upper())))
