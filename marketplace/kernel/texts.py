"""What people state in their own words: one check of it. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from .errors import FieldInvalid
from .labels import Label

BLANK_LETTERS: Final = "\u115f\u1160\u2800\u3164\uffa0\ufffc\U0001d159"
"""Letters and symbols that show nothing: Hangul fillers, the empty Braille pattern and note head, the place of an object."""

UNSHOWN: Final = (
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f"
    r"\ufeff\uffa0\ufff9-\ufffc\U0001d159\U000e0000-\U000e01ef]"
)
"""What shows nothing between visible letters, as a pattern of Python and of PostgreSQL (Unicode 16, Default_Ignorable_Code_Point)."""
UNPRINTED: Final = rf"[\u0001-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]|{UNSHOWN}"
"""What no text of a contract has in free words: controls but the end of a line, and what shows nothing; as ``UNSHOWN``."""
AMBIGUOUS: Final = rf"^\s|\s$|\s\s|{UNSHOWN}"
"""What no ``identifying_text`` has, as a pattern of PostgreSQL."""


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


def identifying_text(field: str, text: str, length_max: int) -> str:
    """A text that tells one thing from another, such as a document's number: one line, single spaces, nothing that is not shown.

    Two that look alike in these are one. Raises FieldInvalid as ``stated_text``.
    """
    said = stated_text(field, text, length_max)
    return " ".join(re.sub(UNSHOWN, "", unicodedata.normalize("NFC", said)).split())
