"""What people state in their own words: one check of it. Pure."""

from __future__ import annotations

import unicodedata
from typing import Final

from .errors import FieldInvalid
from .labels import Label

BLANK_LETTERS: Final = "\u115f\u1160\u2800\u3164\uffa0\ufffc\U0001d159"
"""Letters and symbols that show nothing: Hangul fillers, the empty Braille pattern and note head, the place of an object."""


def is_visible(text: str) -> bool:
    """Whether a text shows something: a letter, digit, punctuation or symbol, not only spaces, formats, controls and marks."""
    return any(unicodedata.category(each)[0] in "LNPS" and each not in BLANK_LETTERS for each in text)


def stated_text(field: str, text: str, length_max: int) -> str:
    """The text without spaces around it; raises FieldInvalid for ``field`` if it shows nothing, is too long, or has a NUL."""
    said = text.strip()
    if not is_visible(said) or len(said) > length_max or "\x00" in said:
        raise FieldInvalid(
            field,
            Label(f"state it, in at most {length_max} characters", f"{length_max}字以内で入力してください"),
        )
    return said
