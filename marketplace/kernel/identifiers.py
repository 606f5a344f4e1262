"""Public identifiers: opaque, time-ordered, with a prefix that says what they name (``lst_01J…``)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import models
from ulid import ULID

IDENTIFIER_LENGTH = 31


def new_identifier(prefix: str) -> str:
    """A fresh identifier ``<prefix>_<ULID>``; later ones sort after earlier ones of the same prefix."""
    return f"{prefix}_{ULID()}"


class IdentifierField(models.CharField):
    """The public identifier of a row: unique, made when the row is made, never changed."""

    def __init__(self, *, prefix: str = "", **options: Any) -> None:
        """``prefix`` is two to four lower-case letters; the rest of the options are fixed."""
        self.prefix = prefix
        options.update(max_length=IDENTIFIER_LENGTH, unique=True, editable=False)
        options["default"] = partial(new_identifier, prefix)
        super().__init__(**options)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """The field as migrations write it: its prefix alone."""
        name, path, args, options = super().deconstruct()
        for fixed in ("max_length", "unique", "editable", "default"):
            options.pop(fixed, None)
        return name, path, args, {**options, "prefix": self.prefix}
