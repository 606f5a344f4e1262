"""Handlers that write down what they saw in the database, and fail on demand."""

from django.db import connection

FAILING: set[str] = set()


def prepare() -> None:
    """The table in which handlers write, in the test's own database."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE probe_seen (id bigserial, organisation text, event text)")


def seen() -> list[str]:
    """Organisations seen, in order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation FROM probe_seen ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def on_registered(event, envelope) -> None:
    """Write first, then perhaps fail: a failure must take the writing back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO probe_seen (organisation, event) VALUES (%s, %s)",
            [event.organisation, envelope.identifier],
        )
    if event.organisation in FAILING:
        raise RuntimeError(f"{event.organisation} cannot be handled yet")
