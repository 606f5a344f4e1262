"""Bounds of legal holds. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

REASON_LENGTH_MAX: Final = 1_000
REFERENCE_LENGTH_MAX: Final = 200
SUBJECT_LENGTH_MAX: Final = 60
APPROVED_WITHIN: Final = timedelta(hours=24)
REVIEW_DAYS_MAX: Final = 365
"""After so many days at most people look whether it is still needed."""
PERIOD_DAYS_MAX: Final = 366
"""The longest period of which everything is held."""
