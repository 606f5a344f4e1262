"""Public identifiers: opaque, time-ordered, with a prefix that says what they name (``lst_01J…``)."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import models
from ulid import ULID

IDENTIFIER_LENGTH = 31

# A ULID is ten characters of time and sixteen of chance, in the alphabet that Crockford gave base 32.
_TIME_LENGTH = 10
_RANDOM_BYTES = 10
_CROCKFORD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def new_identifier(prefix: str) -> str:
    """A fresh identifier ``<prefix>_<ULID>``; later ones sort after earlier ones of the same prefix."""
    return f"{prefix}_{ULID()}"


def new_identifiers(prefix: str, count: int) -> list[str]:
    """Many fresh identifiers of one moment, in order, for rows that are written together: an index takes them quicker."""
    moment = str(ULID())[:_TIME_LENGTH]
    drawn = base64.b32encode(secrets.token_bytes(count * _RANDOM_BYTES)).decode().translate(_CROCKFORD)
    length = _RANDOM_BYTES * 8 // 5
    ends = sorted(drawn[at : at + length] for at in range(0, count * length, length))
    return [f"{prefix}_{moment}{end}" for end in ends]


class IdentifierField(models.CharField):
    """The public identifier of a row: unique, made when the row is made, never changed."""

    def __init__(self, *, prefix: str = "", **options: Any) -> None:
        """``prefix`` is two to four lower-case letters; the rest of the options are fixed."""
        self.prefix = prefix
        options.update(max_length=IDENTIFIER_LENGTH, unique=True, editable=False)
        options["default"] = partial(new_identifier, prefix)
        super().__init__(**options)

    def db_type(self, connection: Any) -> str:
        """The column type, its name spelled in full: to a ``varchar`` that is unique, Django gives a second index, for
        searches by pattern, and nobody searches for a part of an identifier."""
        return f"character varying({self.max_length})"

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """The field as migrations write it: its prefix alone."""
        name, path, args, options = super().deconstruct()
        for fixed in ("max_length", "unique", "editable", "default"):
            options.pop(fixed, None)
        return name, path, args, {**options, "prefix": self.prefix}
