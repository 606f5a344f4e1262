"""Handles claimed entries, each in a transaction of its own, within a limit of time.

The transaction first marks the entry handled, which fails if this worker does not hold it any more, and then runs the
handler: both are committed together or not at all. A failure is recorded in a second transaction.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from psycopg.errors import TransactionTimeout
from psycopg.pq import TransactionStatus

from marketplace.kernel import clock, correlation
from marketplace.kernel.interruption import TimeLimitExceeded, interrupt_after
from marketplace.kernel.limits import LIMIT_TRANSACTION

from .claiming import Claimed
from .envelope import Envelope
from .resting import Rests
from .schema import parse
from .states import INBOX, InboxState
from .subscriptions import resolve

logger = logging.getLogger(__name__)

BACKOFF_SECONDS = (1, 2, 5, 15, 60, 300, 900)
ATTEMPTS_MAX = len(BACKOFF_SECONDS) + 1
OVERRUNS_MAX = 3
"""What exceeds its limit stops a worker each time, so it is parked sooner than what only fails."""
CLAIM_SECONDS_MAX = 1.0
"""After so long a worker gives back what it has claimed and not begun, so that another can take it."""
REASON_LENGTH_MAX = 2_000
DIED = "the worker died or was stopped while it handled this event"

HANDLED = INBOX.target(state=InboxState.PENDING, command="handle", role="system")
PARKED = INBOX.target(state=InboxState.PENDING, command="park", role="system")

# Within a claim the entries of a subject follow each other without a gap, and nothing earlier can enter later; so it
# is enough to look at the one before. The limit on the transaction's time begins here.
MARK = f"""
    UPDATE events_inboxentry
       SET state = '{HANDLED}', handled_at = clock_timestamp(), lease = NULL, lease_until = NULL, error = ''
     WHERE id = %(id)s AND event_id = %(event)s AND state = 'pending' AND lease = %(lease)s
       AND lease_until > clock_timestamp()
       AND (%(previous)s::bigint IS NULL OR EXISTS (
            SELECT FROM events_inboxentry p
             WHERE p.id = %(previous)s AND p.event_id = %(previous_event)s AND p.state = '{HANDLED}'))
    RETURNING {LIMIT_TRANSACTION}
"""  # noqa: S608  our own words
RECORD = """
    UPDATE events_inboxentry
       SET state = %(state)s, error = %(error)s, lease = NULL, lease_until = NULL,
           due_at = clock_timestamp() + make_interval(secs => %(wait)s)
     WHERE id = %(id)s AND event_id = %(event)s AND state = 'pending' AND lease = %(lease)s
"""


class LeaseLost(Exception):
    """Another worker has taken the entry over, because this one did not handle it in time."""


def handle_claimed(claimed: list[Claimed], rests: Rests | None = None) -> list[Claimed]:
    """Handle the entries of one claim in order; returns those that were not attempted, which the caller gives back.

    When an entry fails, what follows it in its subject is not attempted; nothing is begun after ``CLAIM_SECONDS_MAX``.
    What takes too long is noted in ``rests``.
    """
    began = time.monotonic()
    rests = rests or Rests()
    failed: set[str] = set()
    left: list[Claimed] = []
    for entry in claimed:
        if entry.key in failed or time.monotonic() - began > CLAIM_SECONDS_MAX:
            left.append(entry)
        elif not handle(entry, rests):
            failed.add(entry.key)
    return left


def handle(entry: Claimed, rests: Rests) -> bool:
    """Handle one entry in its own transaction; returns whether it is handled now.

    A failure is recorded with its reason and retried later; after ``ATTEMPTS_MAX`` attempts, or ``OVERRUNS_MAX`` if it
    exceeds its limit of time, the entry is parked.
    """
    if entry.attempts > ATTEMPTS_MAX:
        # Nothing failed in Python, or it would be parked: whatever was tried last ended its worker.
        _record(entry, DIED, parked=True)
        return False
    names = {"event_id": entry.public_id, "attempt": entry.attempts, "request_id": entry.request_id}
    seconds_max = settings.HANDLER_SECONDS_MAX
    with correlation.course("handling", entry.handler, **names) as under_way:
        try:
            # Outside the main thread the server's limit on the transaction holds alone.
            with clock.read_once(), interrupt_after(seconds_max), transaction.atomic():
                _mark(entry)
                data = json.loads(entry.data)
                resolve(entry.handler)(parse(entry.type, data), _envelope(entry, data))
        except LeaseLost as error:
            under_way.fail(error)
            logger.warning(
                "event %s: handler %s was taken over by another worker", entry.public_id, entry.handler
            )
            return False
        except (Exception, TimeLimitExceeded) as error:  # whatever a handler raises is recorded and retried
            if _record_failure(entry, error):
                rests.record_overrun(entry.handler, entry.key)
            under_way.fail(error)
            return False
        rests.forget(entry.handler)
        return True


def _mark(entry: Claimed) -> None:
    """Mark the entry handled in the current transaction; raises LeaseLost if this worker does not hold it."""
    with connection.cursor() as cursor:
        cursor.execute(
            MARK,
            {
                "id": entry.id,
                "event": entry.event_id,
                "lease": entry.lease,
                "previous": entry.previous.id if entry.previous else None,
                "previous_event": entry.previous.event_id if entry.previous else None,
                "limit": f"{round(settings.HANDLER_SECONDS_MAX * 1000)}ms",
            },
        )
        if cursor.rowcount != 1:
            raise LeaseLost


def _record_failure(entry: Claimed, error: BaseException) -> bool:
    """Record that the entry failed; returns whether it was ended for its time."""
    overrun = _overrun_in(error)
    session = connection.connection
    if session is not None and session.info.transaction_status is not TransactionStatus.IDLE:
        # It is in the middle of a statement or of a transaction, or the server has ended it.
        connection.close()
    told = overrun or error
    parked = entry.attempts >= (OVERRUNS_MAX if overrun else ATTEMPTS_MAX)
    _record(entry, reason_of(told), parked=parked, cause=error)
    return overrun is not None


def reason_of(error: BaseException) -> str:
    """The error in words that a text column takes, whatever it says of itself."""
    try:
        text = str(error)
    except Exception as unspeakable:  # an error's text is code of the handler too
        text = f"its text raises {type(unspeakable).__name__}"
    told = f"{type(error).__name__}: {text}".replace("\x00", "\\0")
    return told.encode(errors="backslashreplace").decode()[:REASON_LENGTH_MAX]


def _overrun_in(error: BaseException | None) -> BaseException | None:
    """What says that this worker or the server ended the handler for its time, in an error or in what led to it."""
    while error is not None:
        if (
            isinstance(error, TimeLimitExceeded)
            or getattr(error, "sqlstate", None) == TransactionTimeout.sqlstate
        ):
            return error
        error = error.__cause__ or error.__context__
    return None


def _record(entry: Claimed, reason: str, *, parked: bool, cause: BaseException | None = None) -> None:
    wait = 0 if parked else BACKOFF_SECONDS[entry.attempts - 1]
    logger.log(
        logging.ERROR if parked else logging.WARNING,
        "event %s: handler %s failed, %s: %s",
        entry.public_id,
        entry.handler,
        "entry parked" if parked else f"retry in {wait} s",
        reason,
        exc_info=cause,
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            {
                "id": entry.id,
                "event": entry.event_id,
                "lease": entry.lease,
                "state": PARKED if parked else InboxState.PENDING,
                "error": reason,
                "wait": wait,
            },
        )


def _envelope(entry: Claimed, data: dict[str, Any]) -> Envelope:
    return Envelope(
        identifier=entry.public_id,
        type=entry.type,
        subject=entry.subject,
        occurred_at=datetime.fromisoformat(entry.occurred_at).astimezone(UTC),
        transaction=entry.transaction,
        data=data,
    )
