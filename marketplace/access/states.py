"""What staff may open of a participant, and why. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import TextChoices

from marketplace.kernel.labels import Label

HOURS_MAX: Final = 24
"""An access ends after so many hours at the latest."""
DEFERRED_DAYS_MAX: Final = 90
"""The notice of an access is deferred for so many days at the latest, then again only by two people."""
SUBJECTS_MAX: Final = 200
"""So many subjects are read under one access at most: it is no way to copy a participant's files."""
APPROVED_WITHIN: Final = timedelta(hours=24)
"""How long a second person has to approve that a notice is deferred."""


class AccessKind(TextChoices):
    """What is read under an access."""

    METADATA = "metadata", Label("files' metadata, members and programs", "ファイル情報・構成員・プログラム")
    TRADES = "trades", Label("negotiations, agreements and trades", "交渉・契約・取引")


class AccessGround(TextChoices):
    """Why staff reads what is a participant's."""

    SUPPORT = "support", Label("the participant asked for support", "参加者からの問合せ対応")
    DISPUTE = "dispute", Label("a dispute is being decided", "紛争の処理")
    RULES = "rules", Label("a breach of the rules is looked into", "規則違反の調査")
    LAW = "law", Label("an authority demands it by law", "法令に基づく当局の要請")
