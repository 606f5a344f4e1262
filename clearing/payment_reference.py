"""The reference that travels with a settlement payment and comes back on the bank's statement. Pure.

``JPY00001-000012``: currency, number of the cycle, number of the payment in it; 20 characters at most, of those
that domestic transfers carry.
"""

from __future__ import annotations

import re
import unicodedata

_PATTERN = re.compile(r"(?<![0-9A-Z])[A-Z]{3}[0-9]{5,9}-[0-9]{6}(?![0-9A-Z])")


def payment_reference(currency: str, cycle_number: int, sequence: int) -> str:
    """The reference of a payment; ValueError where it would not fit."""
    reference = f"{currency}{cycle_number:05d}-{sequence:06d}"
    if not _PATTERN.fullmatch(reference):
        raise ValueError(f"{reference} does not fit a transfer")
    return reference


def find_payment_references(text: str) -> list[str]:
    """References that stand in ``text``, whatever its width and case, without repeats."""
    return list(dict.fromkeys(_PATTERN.findall(unicodedata.normalize("NFKC", text).upper())))
