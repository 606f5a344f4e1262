"""Grounds and bounds of seals. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class SealGround(TextChoices):
    """Why law keeps a record secret."""

    SUSPICIOUS = "suspicious", Label("a suspicious transaction was reported", "疑わしい取引の届出")
    SCREENING = "screening", Label("screening against lists of sanctions", "制裁対象者リストとの照合")
    INVESTIGATION = "investigation", Label("an investigation of an authority", "当局の捜査・調査")
    ORDER = "order", Label("an order of a court or an authority", "裁判所・当局の命令")


DAYS_MAX: Final = 365
"""People look at a seal anew after so many days at most."""
TOTAL_DAYS_MAX: Final = 7 * 365
"""No record is sealed longer than so after it happened: what it is about is kept for seven years."""
LONGER_BY: Final = timedelta(days=1)
"""A later seal on the same ground and basis keeps a record at least so much longer; else it is the same command, given again."""
BASIS_LENGTH_MAX: Final = 200
REASON_LENGTH_MAX: Final = 1_000
APPROVED_WITHIN: Final = timedelta(hours=24)
ASKED_BEFORE: Final = timedelta(days=30)
"""So long before its first term ends, people look at a record that law keeps secret from the beginning."""
