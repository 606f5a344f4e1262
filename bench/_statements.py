"""Counts the statements that a connection sends to PostgreSQL, in the trace that libpq writes of its messages."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg.pq import Trace

# A message begins a line with its direction (F: from here), its length and its type; a text may have several lines.
_MESSAGE = re.compile(r"^(?=[FB]\t\d+\t\w)", re.MULTILINE)
_PARSED = re.compile(r'F\t\d+\tParse\t "(\w*)" "(.*)"', re.DOTALL)
_EXECUTED = re.compile(r'F\t\d+\t(?:Query\t "(?P<text>.*)"|Bind\t "\w*" "(?P<name>\w*)")', re.DOTALL)
_BOUNDS = ("BEGIN", "COMMIT", "ROLLBACK")


@contextmanager
def statements_sent() -> Iterator[list[str]]:
    """Every statement that Django's connection has executed inside, in order, whichever way it is sent; filled at the end.

    One that was prepared before is written ``EXECUTE`` with its name. ``within_transactions`` leaves out where transactions
    begin and end.
    """
    connection.ensure_connection()
    wire = connection.connection.pgconn
    sent: list[str] = []
    with tempfile.TemporaryFile() as trace:
        wire.trace(trace.fileno())
        wire.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        try:
            yield sent
        finally:
            wire.untrace()
            trace.seek(0)
            sent += _executed(_MESSAGE.split(trace.read().decode()))


def _executed(messages: list[str]) -> Iterator[str]:
    """The text of each statement that is executed: sent with a query, or parsed before and bound to values."""
    parsed: dict[str, str] = {}
    for message in messages:
        if found := _PARSED.match(message):
            parsed[found[1]] = found[2]
        elif found := _EXECUTED.match(message):
            text, name = found["text"], found["name"]
            yield parsed.get(name, f"EXECUTE {name}") if text is None else text


def within_transactions(sent: list[str]) -> list[str]:
    """Those statements that neither begin nor end a transaction; savepoints count."""
    return [statement for statement in sent if statement.split()[0].upper() not in _BOUNDS]
