"""Salted commitments to texts of the registers: evidence has no text of theirs, which may say something about persons."""

from __future__ import annotations

import hashlib
import secrets

import pgtrigger
from django.db.models import Q


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
