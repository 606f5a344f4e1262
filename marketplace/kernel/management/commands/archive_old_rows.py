"""``manage.py archive_old_rows``: let old rows leave after their retention, as the owner role."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from marketplace.kernel.aside import Loop
from marketplace.kernel.clock import real_now
from marketplace.kernel.discovery import import_declarations
from marketplace.kernel.retention import OLD_ROWS
from marketplace.kernel.upkeep import record_run

RETENTION = Loop("kernel.archive_old_rows")


class Command(BaseCommand):
    """Works beside a running market, in short transactions; safe to end at any moment and to run again."""

    help = "Archive handled events and delete other rows after the retention that settings.RETENTION states."

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove each kind until nothing of it is old; a kind that cannot be removed stands aside. Raises CommandError
        for it at the end, and if the settings and the register differ.
        """
        import_declarations("retention")
        if set(OLD_ROWS) != set(settings.RETENTION):
            different = sorted(set(OLD_ROWS) ^ set(settings.RETENTION))
            raise CommandError(f"RETENTION and the declared kinds differ: {', '.join(different)}")
        failed = set()
        for name, (days, _) in settings.RETENTION.items():
            if not RETENTION.each([name], partial(self._remove, days=days), are_all=False):
                failed.add(name)
        record_run("archive_old_rows", faults=len(failed))
        if failed:
            raise CommandError(f"not removed, the others were: {', '.join(sorted(failed))}")

    def _remove(self, name: str, *, days: int) -> bool:
        """Remove what is old of one kind; True, or raises what the database refused.

        A table that is in use ends the kind for this run, which is a failure only if nothing could be removed.
        """
        before, removed = real_now() - timedelta(days=days), 0
        try:
            while count := OLD_ROWS[name].remove(before):
                removed += count
        except OperationalError as error:
            if not removed or not isinstance(error.__cause__, LockNotAvailable):
                raise
            self.stderr.write(f"{name}: a table is in use; the next run goes on: {error}")
        self.stdout.write(f"{name}: {removed} left after {days} days")
        return True
