"""The reference that a settlement payment carries to the payee and back on the bank statement. Pure.

``JPY00001-000012``: currency, number of the cycle, number of the payment in it; at most 20 characters that domestic
transfers can carry. Payments of no cycle have numbers of their own, under ``JPY00000``. From the millionth on the cycle
part has six or more digits with a leading zero, which the number of a cycle never has.

After the database was restored from a backup, the number of the restoration stands after the cycle:
``JPY00001R1-000012``. The payments that the market sent after the backup are lost to it, so without that number it would
give their references to other payments. Together the numbers of cycle and restoration have at most nine digits.
"""

from __future__ import annotations

import re
import unicodedata

SERIES = 1_000_000
SERIES_MAX = 99_999
LENGTH_MAX = 20

_PATTERN = re.compile(r"(?<![0-9A-Z])[A-Z]{3}[0-9]{5,9}(?:R[1-9][0-9]{0,3})?-[0-9]{6}(?![0-9A-Z])")


def payment_reference(*, currency: str, cycle_number: int | None, sequence: int, restoration: int = 0) -> str:
    """The reference of a payment from its number in its cycle, or in the currency if it has no cycle.

    ``restoration``: how often the database was restored before the payment was planned. Raises ValueError if it does not
    fit: from 10^6 payments of a cycle on, or 10^11 payments of no cycle, or with too many digits.
    """
    if cycle_number is None:
        series, sequence = divmod(sequence, SERIES)
        fits = series <= SERIES_MAX
        number = f"0{series:05d}" if series else "00000"
    else:
        fits = True
        number = f"{cycle_number:05d}"
    restored = f"R{restoration}" if restoration else ""
    reference = f"{currency}{number}{restored}-{sequence:06d}"
    if not fits or len(reference) > LENGTH_MAX or not _PATTERN.fullmatch(reference):
        raise ValueError(f"{reference} does not fit a transfer")
    return reference


def find_references(text: str) -> list[str]:
    """References in ``text``, in any width and case, without duplicates."""
    return list(dict.fromkeys(_PATTERN.findall(unicodedata.normalize("NFKC", text).upper())))
