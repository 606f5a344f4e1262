"""Ranges of bytes: what a request asks for (RFC 9110, section 14). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

SINGLE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """``length`` bytes of a file from ``first`` on, counted from 0."""

    first: int
    length: int

    @property
    def end(self) -> int:
        """The position after the last byte."""
        return self.first + self.length


class RangeUnsatisfiable(Exception):
    """The range begins beyond the end of the file, or has no bytes."""


def requested_range(
    asked: str | None, *, only_if: str | None, entity_tag: str, size_bytes: int
) -> ByteRange | None:
    """The part that the fields ``Range`` and ``If-Range`` ask for, or None for the whole file.

    Only a single range of bytes is honoured; a server may disregard any other. A part is sent only if ``If-Range`` is
    absent or is the file's own strong ``entity_tag`` with its quotes. Raises RangeUnsatisfiable.
    """
    found = SINGLE_RANGE.fullmatch((asked or "").replace(" ", ""))
    if found is None or not any(found.groups()) or only_if not in (None, entity_tag):
        return None
    first, last = found.groups()
    if not first:
        length = min(int(last), size_bytes)
        wanted = ByteRange(size_bytes - length, length)
    else:
        end = min(int(last) + 1, size_bytes) if last else size_bytes
        if last and int(last) < int(first):
            return None
        wanted = ByteRange(int(first), end - int(first))
    if wanted.length <= 0:
        raise RangeUnsatisfiable
    return wanted
