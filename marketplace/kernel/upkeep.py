"""Records of the commands that somebody has to run again and again, so that one that fails or is never run is noticed.

Which commands a market expects is ``settings.DAILY_COMMANDS``; gauges and alarms on them are in ``observability``.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models.functions import Now

from .models import CommandRun


def record_run(command: str, *, faults: int = 0) -> None:
    """Record that ``command`` came to its end now and found ``faults``. On a standby, which takes no writes, nothing."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery()")
            if cursor.fetchone()[0]:
                return
        ended: dict[str, object] = {"ended_at": Now(), "faults": faults}
        good: dict[str, object] = {} if faults else {"good_at": Now()}
        CommandRun.objects.update_or_create(command=command, defaults={**ended, **good})


def broken_invariants() -> int:
    """How many invariants the last complete run of `check_invariants` found broken; 0 before the first."""
    return CommandRun.objects.filter(command="check_invariants").values_list("faults", flat=True).first() or 0
