"""The rulebook's parameters for applications below the rules. Settings name the reader."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string


def parameter(name: str) -> int:
    """The value now of a parameter of the rulebook in force, by ``settings.PARAMETER_READER``: a whole number, or true
    or false. Raises the reader's error for a name that is not known.
    """
    value: int = import_string(settings.PARAMETER_READER)(name)
    return value
