"""Checks of what people state in the registers. Pure."""

from __future__ import annotations

from typing import Any

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label


def text_of(name: str, value: str, length_max: int) -> str:
    """The text without spaces around it; raises FieldInvalid if nothing or too much is left."""
    text = value.strip()
    if not 0 < len(text) <= length_max:
        raise FieldInvalid(
            name,
            Label(f"state it, in at most {length_max} characters", f"{length_max}文字以内で入力してください"),
        )
    return text


def choice_of(name: str, value: str, known: Any) -> str:
    """The value, if it is one of those known; raises FieldInvalid."""
    if value not in known:
        listed = ", ".join(known)
        raise FieldInvalid(name, Label(f"choose one of {listed}", f"{listed} から選んでください"))
    return str(value)
