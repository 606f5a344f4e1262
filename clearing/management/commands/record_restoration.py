"""``manage.py record_restoration``: count a restoration of the database, and shut the sending of payments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ...settlement.services.restorations import record_restoration


class Command(BaseCommand):
    """Run once after every restore, before the market starts; ``deploy/restore.sh`` runs it."""

    help = (
        "Count a restoration of the database: payments get references that were never used before, and none is sent"
        " until two people of the operator open sending."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """``--restored-to``: the moment that the database was restored to."""
        parser.add_argument("--restored-to", help="moment of the recovery target, 2026-12-08T15:00:00+09:00")

    def handle(self, *args: Any, **options: Any) -> None:
        """Record it and print its number."""
        made = record_restoration(restored_to=_moment(options["restored_to"]))
        self.stdout.write(
            f"restoration {made.number} ({made.public_id}) recorded; sending of payments is shut"
        )


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text} is not a date and time: write it as 2026-12-08T15:00:00+09:00") from None
    if timezone.is_naive(moment):
        raise CommandError(f"{text} has no time zone: write it as 2026-12-08T15:00:00+09:00")
    return moment
