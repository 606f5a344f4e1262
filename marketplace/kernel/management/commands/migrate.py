"""``manage.py migrate``: Django's command, which waits for locks only a short time, and renders models less often."""

from __future__ import annotations

import time
from typing import Any, Self

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoCommand
from django.db import OperationalError, connections
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.migrations import Migration
from psycopg import errors, sql

from marketplace.kernel.grouping import group_operations

LOCK_SECONDS = 3
ATTEMPTS_MAX = 10
PAUSE_SECONDS_MAX = 30


class ShortLocks(DatabaseSchemaEditor):
    """Every migration in a transaction waits at most ``lock_seconds`` for each lock.

    Who waits for an exclusive lock lets nobody else pass: behind a long read, a migration that waits would stop the market.
    """

    lock_seconds = LOCK_SECONDS

    def __enter__(self) -> Self:
        """Begin the migration's transaction with the limit; the limit ends with it."""
        super().__enter__()
        if self.atomic_migration and not self.collect_sql:
            self.execute(
                sql.SQL("SET LOCAL lock_timeout = {}").format(f"{self.lock_seconds}s").as_string(),
                params=None,
            )
        return self


class Command(DjangoCommand):
    """Migrates beside a running market. A migration that does not get its locks is rolled back and tried again."""

    def add_arguments(self, parser: CommandParser) -> None:
        """``--lock-seconds``: the wait for each lock; ``--attempts``: how often the whole is tried."""
        super().add_arguments(parser)
        parser.add_argument("--lock-seconds", type=int, default=LOCK_SECONDS)
        parser.add_argument("--attempts", type=int, default=ATTEMPTS_MAX)

    def handle(self, *args: Any, **options: Any) -> str | None:
        """Migrate; raises CommandError if the locks could not be had in so many attempts. What was applied stays."""
        # `--fake-initial` looks for the operations that make tables.
        self.groups = not options["fake_initial"]
        connection = connections[options["database"]]
        before = connection.SchemaEditorClass
        connection.SchemaEditorClass = type(
            "ShortLocks", (ShortLocks,), {"lock_seconds": options["lock_seconds"]}
        )
        try:
            for attempt in range(1, options["attempts"] + 1):
                try:
                    return super().handle(*args, **options)
                except OperationalError as error:
                    if not isinstance(error.__cause__, errors.LockNotAvailable | errors.DeadlockDetected):
                        raise
                    self.stdout.write(
                        f"\nattempt {attempt}: a table is in use, and the migration was rolled back"
                    )
                if attempt < options["attempts"]:
                    time.sleep(min(2 ** (attempt - 1), PAUSE_SECONDS_MAX))
        finally:
            connection.SchemaEditorClass = before
        raise CommandError(
            f"the locks were not had in {options['attempts']} attempts: end the long transactions"
            " (pg_stat_activity shows them, by xact_start), then run migrate again"
        )

    def migration_progress_callback(
        self,
        action: str,
        migration: Migration | None = None,
        fake: bool = False,  # noqa: FBT001, FBT002  # as Django calls it
    ) -> None:
        """Called by Django before and after each step; groups the operations of a migration that it is about to apply."""
        if action == "apply_start" and migration is not None and self.groups:
            group_operations(migration)
        super().migration_progress_callback(action, migration, fake)
