"""Public identifiers: opaque, time-ordered, with a prefix for the kind of row (``lst_01J…``)."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.apps import apps
from django.db import models
from ulid import ULID

IDENTIFIER_LENGTH = 31

# A ULID has ten characters of time and sixteen random ones, in Crockford's base-32 alphabet.
_TIME_LENGTH = 10
_RANDOM_BYTES = 10
_CROCKFORD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def new_identifier(prefix: str) -> str:
    """A new identifier ``<prefix>_<ULID>``; identifiers of one prefix sort by the time they were made."""
    return f"{prefix}_{ULID()}"


def new_identifiers(prefix: str, count: int) -> list[str]:
    """``count`` new identifiers of the same moment, sorted, for a bulk insert: sorted keys speed up the index."""
    moment = str(ULID())[:_TIME_LENGTH]
    drawn = base64.b32encode(secrets.token_bytes(count * _RANDOM_BYTES)).decode().translate(_CROCKFORD)
    length = _RANDOM_BYTES * 8 // 5
    ends = sorted(drawn[at : at + length] for at in range(0, count * length, length))
    return [f"{prefix}_{moment}{end}" for end in ends]


class IdentifierField(models.CharField):
    """The public identifier of a row: unique, generated when the row is made, never changed."""

    def __init__(self, *, prefix: str = "", **options: Any) -> None:
        """``prefix``: two to four lower-case letters. The other options are fixed."""
        self.prefix = prefix
        options.update(max_length=IDENTIFIER_LENGTH, unique=True, editable=False)
        options["default"] = partial(new_identifier, prefix)
        super().__init__(**options)

    def db_type(self, connection: Any) -> str:
        """The column type, spelled out: for a unique ``varchar`` Django would add a second index for pattern searches,
        which identifiers do not need."""
        return f"character varying({self.max_length})"

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """The field as migrations write it: only its prefix."""
        name, path, args, options = super().deconstruct()
        for fixed in ("max_length", "unique", "editable", "default"):
            options.pop(fixed, None)
        return name, path, args, {**options, "prefix": self.prefix}


def names_a_row(identifier: str) -> bool:
    """Whether some row of the market has this public identifier, of whatever kind its prefix says."""
    prefix = identifier.partition("_")[0]
    fields = (
        (model, field)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, IdentifierField) and field.prefix == prefix
    )
    return any(model._base_manager.filter(**{field.name: identifier}).exists() for model, field in fields)
