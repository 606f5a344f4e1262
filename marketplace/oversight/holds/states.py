"""Bounds of legal holds. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

REASON_LENGTH_MAX: Final = 1_000
REFERENCE_LENGTH_MAX: Final = 200
SUBJECT_LENGTH_MAX: Final = 60
APPROVED_WITHIN: Final = timedelta(hours=24)
