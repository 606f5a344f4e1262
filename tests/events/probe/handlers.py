"""Handlers that write down what they saw in the database, and fail or sleep on demand."""

import contextlib
import time

from django.conf import settings
from django.db import connection

from marketplace.events.schemas.participants import OrganisationRegistered
from marketplace.events.services import emit
from marketplace.kernel import clock
from tests.roles import as_owner

FAILING: set[str] = set()
SLEEPING: dict[str, float] = {}
"""Seconds that the handler sleeps for an organisation; below zero, as many in a statement."""
CLOCK_READINGS: dict[str, int] = {}
LEAVING_A_STATEMENT: set[str] = set()
RAISING: dict[str, Exception] = {}
EMITTING: set[str] = set()
"""Organisations for which the handler emits an event itself."""
STUBBORN: set[str] = set()
"""Organisations for which the handler goes on after any exception, for some seconds."""


def prepare() -> None:
    """The table in which handlers write, in the test's own database."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE probe_seen (id bigserial, organisation text, event text)")
        cursor.execute(f"GRANT SELECT, INSERT ON probe_seen TO {settings.APPLICATION_ROLE}")
        cursor.execute(f"GRANT USAGE ON probe_seen_id_seq TO {settings.APPLICATION_ROLE}")


def seen() -> list[str]:
    """Organisations seen, in order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation FROM probe_seen ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def on_registered(event, envelope) -> None:
    """Write first, then perhaps sleep or fail: a failure must take the writing back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO probe_seen (organisation, event) VALUES (%s, %s)",
            [event.organisation, envelope.identifier],
        )
        seconds = SLEEPING.get(event.organisation, 0)
        if seconds < 0:
            cursor.execute("SELECT pg_sleep(%s)", [-seconds])
    time.sleep(max(seconds, 0))
    for _ in range(CLOCK_READINGS.get(event.organisation, 0)):
        clock.now()
    for _ in range(8 if event.organisation in STUBBORN else 0):
        with contextlib.suppress(Exception):
            time.sleep(1)
    if event.organisation in EMITTING:
        emit(OrganisationRegistered(organisation=f"{event.organisation} again"))
    if event.organisation in RAISING:
        raise RAISING[event.organisation]
    if event.organisation in LEAVING_A_STATEMENT:
        connection.connection.pgconn.send_query(b"SELECT pg_sleep(0.2)")
        raise RuntimeError("left in a statement")
    if event.organisation in FAILING:
        raise RuntimeError(f"{event.organisation} cannot be handled yet")


def on_reinstated(event, envelope) -> None:
    """Another handler that does the same."""
    on_registered(event, envelope)
