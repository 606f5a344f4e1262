"""Bounds of activity records. Pure."""

from __future__ import annotations

from typing import Final

PER_DAY_MAX: Final = 4
"""A participant asks for its records so many times in 24 hours at most."""
KEPT_DAYS: Final = 7
"""The file of the records is kept so long; then they are asked for anew."""
BYTES_MAX: Final = 512 << 20
"""The records of one participant, before they are compressed."""
REASON_LENGTH_MAX: Final = 300
