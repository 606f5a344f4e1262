"""How one obligation is named to the world. Pure.

A cycle makes millions of obligations, so none keeps a text of its own: its name is made of the opaque part of its
trade's identifier, which cannot be guessed, and of its own key, ``obl_<trade's ULID>_<key>``.
"""

from __future__ import annotations

import re

PREFIX = "obl"
KEY_DIGITS_MAX = 18
_REFERENCE = re.compile(rf"{PREFIX}_([0-9A-Za-z]{{1,26}})_([1-9][0-9]{{0,{KEY_DIGITS_MAX - 1}}})")


def obligation_reference(trade: str, key: int) -> str:
    """The name of the obligation of a database key, of a trade's public identifier."""
    return f"{PREFIX}_{trade.partition('_')[2]}_{key}"


def named_by(reference: str) -> tuple[str, int] | None:
    """The trade's public identifier and the database key that a name stands for; None for what is no name."""
    match = _REFERENCE.fullmatch(reference)
    return (f"trd_{match[1]}", int(match[2])) if match else None
