"""Checks of what people state in the registers. Pure."""

from __future__ import annotations

from typing import Any

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label


def choice_of(name: str, value: str, known: Any) -> str:
    """The value, if it is one of those known; raises FieldInvalid."""
    if value not in known:
        listed = ", ".join(known)
        raise FieldInvalid(name, Label(f"choose one of {listed}", f"{listed} から選んでください"))
    return str(value)
