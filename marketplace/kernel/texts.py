"""What people state in their own words: one check of it. Pure."""

from __future__ import annotations

from .errors import FieldInvalid
from .labels import Label


def stated_text(field: str, text: str, length_max: int) -> str:
    """The text without spaces around it; raises FieldInvalid for ``field`` if nothing is left, or too much, or a NUL is in it."""
    said = text.strip()
    if not 0 < len(said) <= length_max or "\x00" in said:
        raise FieldInvalid(
            field,
            Label(f"state it, in at most {length_max} characters", f"{length_max}字以内で入力してください"),
        )
    return said
