"""Send the messages that are due, many at once, so that receivers that hang do not delay the others.

No transaction is open while a message is sent: an attempt is claimed and counted in one short transaction, and its
outcome is recorded in another.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic

from asgiref.sync import async_to_sync, sync_to_async
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import DatabaseError

from marketplace.kernel import clock
from marketplace.kernel.nudges import send_nudge
from marketplace.kernel.outside import require_no_transaction

from .secrets import sign
from .services.claiming import Claim, claim, record_answer
from .states import AttemptOutcome
from .transport import Answer, post

logger = logging.getLogger(__name__)

SEND_TASK = "marketplace.webhooks.tasks.send"
SLOTS = 32
FAILING_SLOTS = 8
"""Attempts at once: in all, and to webhooks whose last attempt failed, so that these leave room for the others."""

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
LOOK_AGAIN_SECONDS = 0.5

Running = dict[asyncio.Task[Answer], Claim]


def nudge() -> None:
    """Ask a worker to send now."""
    send_nudge(SEND_TASK)


def send_due(*, seconds: float) -> int:
    """Send due messages until none is due or ``seconds`` have passed; returns the number of attempts made.

    Attempts that run at that time are awaited, so it returns ``transport.SECONDS_MAX`` later at most. Several senders
    may run; each attempt is one sender's. Raises OutsideWorkInTransaction inside a transaction.
    """
    require_no_transaction("sending webhooks")
    attempts: int = async_to_sync(_send_due)(seconds)
    return attempts


async def _send_due(seconds: float) -> int:
    ends_at = monotonic() + seconds
    running: Running = {}
    attempts = 0
    while True:
        if monotonic() < ends_at and len(running) < SLOTS:
            try:
                attempts += await _start_claimed(running)
            except DatabaseError:  # what runs already is recorded; the next sender goes on
                logger.exception("no message could be claimed")
                ends_at = monotonic()
        if not running:
            return attempts
        await _record_ended(running)


async def _start_claimed(running: Running) -> int:
    """Claim messages for the free slots and start sending them; returns how many."""
    failing = sum(claimed.failing for claimed in running.values())
    claims = await sync_to_async(claim)(
        slots=SLOTS - len(running), failing_slots=max(0, FAILING_SLOTS - failing)
    )
    for claimed in claims:
        running[asyncio.create_task(_send(claimed))] = claimed
    return len(claims)


async def _record_ended(running: Running) -> None:
    """Wait until an attempt ends, but not for long, and record those that did."""
    ended, _ = await asyncio.wait(running, timeout=LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    for task in ended:
        claimed, error = running.pop(task), task.exception()
        if error is not None:
            logger.error("message %s: the attempt broke off", claimed.identifier, exc_info=error)
            continue
        try:
            await sync_to_async(record_answer)(claim=claimed, answer=task.result())
        except DatabaseError:  # one that cannot be recorded is sent again; the others are recorded
            logger.exception("message %s: the attempt was not recorded", claimed.identifier)


async def _send(claimed: Claim) -> Answer:
    try:
        signed = sign(
            sealed=claimed.sealed,
            identifier=claimed.identifier,
            sent_at=clock.real_now(),
            body=claimed.body,
        )
    except InvalidToken:
        return Answer(AttemptOutcome.NOT_SIGNED, None, 0)
    headers = {"Content-Type": CONTENT_TYPE, "User-Agent": f"{settings.MARKET_IDENTIFIER}-webhooks", **signed}
    return await post(
        url=claimed.url, headers=headers, body=claimed.body.encode(), local=settings.WEBHOOKS_LOCAL
    )
