"""Kinds of incidents, on which ground they must be reported, and what is written about them. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import TextChoices

from marketplace.kernel.labels import Label

TEXT_LENGTH_MAX: Final = 4_000
DATA_LENGTH_MAX: Final = 1_000
ADDRESSEE_LENGTH_MAX: Final = 200
SUBJECT_LENGTH_MAX: Final = 60
CONCERNED_MAX: Final = 500
"""So many participants are concerned by one incident at most."""
OPEN_MAX: Final = 20
"""So many incidents that a participant registered are open at most."""
APPROVED_WITHIN: Final = timedelta(hours=24)
KNOWN_DAYS_BACK: Final = 30
"""So many days before it was registered one person dates the knowing of an incident; two date it further back."""


class IncidentKind(TextChoices):
    """What happened to the data."""

    LEAK = "leak", Label("leak", "漏えい")
    LOSS = "loss", Label("loss", "滅失")
    DAMAGE = "damage", Label("damage", "毀損")
    UNAVAILABILITY = "unavailability", Label("unavailability", "利用不能")
    MISUSE = "misuse", Label("use beyond what was agreed", "目的外利用")


class Ground(TextChoices):
    """Why law demands a report (個人情報の保護に関する法律施行規則 第7条), or that it does not."""

    SPECIAL_CARE = "special_care", Label("special-care personal information", "要配慮個人情報")
    PROPERTY = "property", Label("a risk of damage to property", "財産的被害のおそれ")
    WRONGFUL = "wrongful", Label("an act with a wrongful purpose", "不正の目的による行為")
    MANY = "many", Label("more than 1,000 persons", "1,000人を超える本人")
    NONE = "none", Label("no report is demanded by law", "法令上の報告対象外")


class Duty(TextChoices):
    """What must be reported."""

    FIRST = "first", Label("first report", "速報")
    FULL = "full", Label("full report", "確報")


class EntryKind(TextChoices):
    """What is written about an incident."""

    MEASURE = "measure", Label("measure", "措置")
    REPORT = "report", Label("report", "報告")
