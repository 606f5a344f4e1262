"""Rows that cannot be processed: the database fails whoever writes them, as a fault of its own or of our code would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection
from django.db.models import F

from marketplace.kernel.aside import FAILURES_MAX
from marketplace.kernel.models import AsideRow
from marketplace.notices.models import Task
from marketplace.notices.pipe import watch_parked
from tests.roles import as_owner

RUNS = FAILURES_MAX
"""After so many runs of its loop a row that always fails stands aside."""


@contextmanager
def poisoned(table: str, condition: str) -> Iterator[None]:
    """Inside, whoever writes a row of ``table`` for which ``condition`` (about NEW) is true fails."""
    with as_owner(), connection.cursor() as cursor:
        # What waits for the end of the transaction is checked now; later rows wait again, as in production.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(
            "CREATE OR REPLACE FUNCTION public.poison() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'this row is poison' USING ERRCODE = 'disk_full'; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER aa_poison BEFORE INSERT OR UPDATE ON {table}"
            f" FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION public.poison()"
        )
    yield
    with as_owner(), connection.cursor() as cursor:
        # What waits for the end of the transaction is checked now; later rows wait again, as in production.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(f"DROP TRIGGER aa_poison ON {table}")


def aside(loop: str) -> list[str]:
    """The subjects that stand aside from a loop."""
    rows = AsideRow.objects.filter(loop=loop, ended_at=None, failures__gte=FAILURES_MAX)
    return list(rows.order_by("subject").values_list("subject", flat=True))


def let_pauses_pass() -> None:
    """What stands aside is due again."""
    AsideRow.objects.filter(next_at__isnull=False).update(next_at=F("since") - timedelta(seconds=1))


def tasks_to_repair() -> list[tuple[str, str]]:
    """English title and state of the operator's tasks about rows that stand aside, after they were looked at."""
    watch_parked()
    tasks = Task.objects.filter(kind="repair").order_by("pk")
    return [(task.title["en"], str(task.state)) for task in tasks]
