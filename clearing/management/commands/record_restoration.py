"""``manage.py record_restoration``: count a restoration of the database, and shut the sending of payments."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection
from django.utils import timezone

from marketplace.evidence.services import seal_until_caught_up

from ...settlement.services.restorations import record_restoration

POLL_SECONDS = 0.5
SEALING_SECONDS_MAX = 600


class Command(BaseCommand):
    """Run once after every restore, before the market starts; ``deploy/restore.sh`` runs it."""

    help = (
        "Count a restoration of the database: payments get references that were never used before, and none is sent"
        " until two people of the operator open sending."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """``--restored-to``: the moment that the database was restored to; ``--wait-seconds``: for the recovery."""
        parser.add_argument("--restored-to", help="moment of the recovery target, 2026-12-08T15:00:00+09:00")
        parser.add_argument(
            "--wait-seconds", type=float, default=0.0, help="wait so long for the recovery to end"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Record it and print its number."""
        moment = _moment(options["restored_to"])
        _wait_for_recovery(options["wait_seconds"])
        made = record_restoration(restored_to=moment)
        # Records that were not sealed at that moment have waited since; the checks that follow would report them.
        seal_until_caught_up(seconds_max=SEALING_SECONDS_MAX)
        self.stdout.write(
            f"restoration {made.number} ({made.public_id}) recorded; sending of payments is shut"
        )


def _wait_for_recovery(seconds_max: float) -> None:
    """Return once the server takes changes; raises CommandError after ``seconds_max``."""
    deadline = time.monotonic() + seconds_max
    while (hindrance := _hindrance()) is not None:
        if time.monotonic() > deadline:
            raise CommandError(f"the database cannot be written to yet: {hindrance}")
        time.sleep(POLL_SECONDS)


def _hindrance() -> str | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery()")
            return "the server is still in recovery" if cursor.fetchone()[0] else None
    except OperationalError as error:
        connection.close()
        return str(error).strip()


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
