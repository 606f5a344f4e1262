"""Salted commitments to texts that people write: evidence has no text of theirs, which may say something about persons."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any, Final

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL


def new_salt() -> str:
    """A salt of 32 random bytes in hexadecimal."""
    return secrets.token_hex(32)


def commitment_to(salt: str, *texts: str) -> str:
    """The SHA-256 over the salt and the texts, each on lines of its own, in hexadecimal."""
    return hashlib.sha256("\n".join((salt, *texts)).encode()).hexdigest()


def committed_over(*columns: str, salt: str = "salt", commitment: str = "commitment") -> pgtrigger.Trigger:
    """The commitment of a row is over its salt and what these columns say."""
    stated = ", ".join(f"NEW.{column}" for column in (salt, *columns))
    written = f"NEW.{commitment} <> ''"
    return pgtrigger.Trigger(
        name=f"{commitment}_over",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=f"""
IF {written} AND NEW.{commitment} IS DISTINCT FROM
       encode(sha256(convert_to(concat_ws(E'\\n', {stated}), 'UTF8')), 'hex') THEN
    RAISE EXCEPTION '% is not the hash over what the row says', NEW.{commitment} USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",
    )


SALTED = Q(salt__regex=r"^[0-9a-f]{64}$", commitment__regex=r"^[0-9a-f]{64}$")
SALT_LENGTH: Final = 64
_DRAWN = RawSQL("encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex')", [])


class SaltField(models.CharField):
    """The salt of a row, drawn when the row is made: evidence commits to the row's texts with it. Never changed."""

    def __init__(self, **options: Any) -> None:
        """All options are fixed."""
        options.update(max_length=SALT_LENGTH, editable=False, default=new_salt, db_default=_DRAWN)
        super().__init__(**options)

    def db_check(self, connection: Any) -> str:
        """The check that the database makes of the column."""
        return f"{connection.ops.quote_name(self.column)} ~ '^[0-9a-f]{{{SALT_LENGTH}}}$'"

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """The field as migrations write it: without options."""
        name, path, args, options = super().deconstruct()
        for fixed in ("max_length", "editable", "default", "db_default"):
            options.pop(fixed, None)
        return name, path, args, options


def commitment_in_sql(salt: str, text: str) -> str:
    """The SQL expression of ``commitment_to`` over two SQL expressions."""
    return f"encode(sha256(convert_to(concat_ws(E'\\n', {salt}, {text}), 'UTF8')), 'hex')"
