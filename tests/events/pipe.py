"""What the tests of the pipe share: a subscription of their own, emitting, and delivering until something holds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from marketplace.events import services
from marketplace.events.relaying import relay
from marketplace.events.schemas.participants import OrganisationRegistered
from tests.roles import as_owner

HANDLER = "tests.events.probe.handlers.on_registered"
SECONDS_MAX = 20


def emit(*organisations: str) -> None:
    """Emit an event for each, in one transaction."""
    with transaction.atomic():
        for organisation in organisations:
            services.emit(OrganisationRegistered(organisation=organisation))


def relay_all(expected: int) -> None:
    """Relay ``expected`` events; other databases of the server may hold the relay back for a moment."""
    relayed, deadline = 0, time.monotonic() + SECONDS_MAX
    while relayed < expected and time.monotonic() < deadline:
        relayed += relay()
    assert relayed == expected


def deliver_until(done: Callable[[], bool]) -> None:
    """Deliver until ``done``, or fail after some seconds."""
    deadline = time.monotonic() + SECONDS_MAX
    while not done() and time.monotonic() < deadline:
        services.deliver_due()
        time.sleep(0.02)
    assert done()


def put_entries(count: int, *, prefix: str = "org_", attempts: int = 0, due_in: str = "0 s") -> None:
    """Write entries of as many subjects, ``org_1`` and so on, past the relay."""
    execute(
        """
        WITH emitted AS (
            INSERT INTO events_outboxevent (public_id, type, version, subject, data, occurred_at)
            SELECT 'evt_' || left(md5(random()::text), 26), 'organisation.registered', 1, s.subject,
                   jsonb_build_object('organisation', s.subject), now()
              FROM (SELECT %s || n AS subject FROM generate_series(1, %s) AS n) s
            RETURNING id, subject, transaction
        ), passed AS (
            INSERT INTO events_relayposition (name, transaction, event_id)
            SELECT 'inbox', e.transaction, max(e.id) FROM emitted e GROUP BY 2
            ON CONFLICT (name) DO UPDATE SET transaction = excluded.transaction, event_id = excluded.event_id
        )
        INSERT INTO events_inboxentry (event_id, handler, subscriber, subject, attempts, due_at)
        SELECT e.id, %s, 'probe', e.subject, %s, now() + %s::interval FROM emitted e ORDER BY e.id
        """,
        *(prefix, count, HANDLER, attempts, due_in),
    )


def skip_to(key: int) -> None:
    """The next event gets this key."""
    with as_owner():
        execute("SELECT setval(pg_get_serial_sequence('events_outboxevent', 'id'), %s, false)", key)


def execute(statement: str, *parameters: object) -> list[tuple]:
    """The rows of a statement, if it gives any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def open_transaction(work: Callable[[], object]) -> Iterator[threading.Event]:
    """A transaction of another session that has done ``work``; it commits when the event is set, or the block ends."""
    began, may_commit = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            work()
            began.set()
            may_commit.wait(10)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert began.wait(10)
        yield may_commit
    finally:
        may_commit.set()
        thread.join(10)
