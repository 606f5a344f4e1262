"""Public references of obligations. Pure.

A cycle makes millions of obligations, so none stores a text of its own: its reference consists of the unguessable
part of its trade's identifier and of its database key, ``obl_<trade's ULID>_<key>``.
"""

from __future__ import annotations

import re

PREFIX = "obl"
KEY_DIGITS_MAX = 18
_REFERENCE = re.compile(rf"{PREFIX}_([0-9A-Za-z]{{1,26}})_([1-9][0-9]{{0,{KEY_DIGITS_MAX - 1}}})")


def obligation_reference(trade: str, key: int) -> str:
    """The reference of an obligation from its trade's public identifier and its database key."""
    return f"{PREFIX}_{trade.partition('_')[2]}_{key}"


def parse_obligation_reference(reference: str) -> tuple[str, int] | None:
    """The trade's public identifier and the database key in a reference; None if it is malformed."""
    match = _REFERENCE.fullmatch(reference)
    return (f"trd_{match[1]}", int(match[2])) if match else None
