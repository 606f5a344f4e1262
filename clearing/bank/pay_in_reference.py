"""The pay-in reference: names the participant and has a check digit. Pure.

``SP`` and nine digits: the participant's number and a Luhn check digit (ISO/IEC 7812-1, annex B), which detects every
single wrong digit and most transpositions. It fits the 20 characters of a transfer.
"""

from __future__ import annotations

import re
import unicodedata

PREFIX = "SP"
DIGITS = 8

_PATTERN = re.compile(rf"(?<![0-9A-Z]){PREFIX}([0-9]{{{DIGITS}}})([0-9])(?![0-9A-Z])")


def pay_in_reference_of(organisation_id: int) -> str:
    """The pay-in reference of the participant with this key; ValueError beyond eight digits."""
    number = f"{organisation_id:0{DIGITS}d}"
    if organisation_id < 1 or len(number) > DIGITS:
        raise ValueError("a participant's number has one to eight digits")
    return f"{PREFIX}{number}{_check_digit(number)}"


def find_pay_in_references(text: str) -> list[int]:
    """Keys of the participants whose references ``text`` contains, in any width and case, without duplicates."""
    words = unicodedata.normalize("NFKC", text).upper()
    found = [int(number) for number, check in _PATTERN.findall(words) if _check_digit(number) == int(check)]
    return list(dict.fromkeys(found))


def _check_digit(number: str) -> int:
    doubled = [int(digit) * 2 for digit in reversed(number)][::2]
    single = [int(digit) for digit in reversed(number)][1::2]
    total = sum(value - 9 if value > 9 else value for value in doubled) + sum(single)
    return -total % 10
