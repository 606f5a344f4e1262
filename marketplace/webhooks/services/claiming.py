"""Claim messages for sending, and record how each attempt ended. Both are short transactions; neither sends."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from marketplace.events.envelope import Envelope, cloudevent
from marketplace.events.queries import envelopes_by_key, names_by_key
from marketplace.kernel import clock
from marketplace.kernel.aside import Loop
from marketplace.kernel.bounds import ATTEMPTS_CEILING
from marketplace.kernel.states import advance

from ..locks import CLAIM_LOCK
from ..models import Webhook, WebhookAttempt, WebhookMessage, WebhookSecret
from ..scopes import cloudevent_for
from ..states import MESSAGE, AttemptOutcome, DisabledReason, WebhookState
from ..transport import Answer
from .disabling import disable

BACKOFF_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Pauses after the first, second, … failed attempt: the schedule of Standard Webhooks (0 s, 5 s, 5 min, … 24 h)."""

ATTEMPTS_MAX = len(BACKOFF_SECONDS) + 1
JITTER = 0.1
LEASE_SECONDS = 60
ORGANISATION_ATTEMPTS_MAX = 4
SENDING = Loop("webhooks.send")
GONE = 410
PING = "webhook.ping"
CLAIMED_COLUMNS = (
    *("event_id", "ping", "state", "attempts"),
    *(f"webhook__{name}" for name in ("public_id", "scope", "url", "failing_since")),
)
"""What a claim reads of messages. A moment that Python cannot read, forced in by the owner, stops no claim."""

# A failing webhook has one attempt at a time, an organisation a few, and each webhook with due messages is looked at
# once, so what a claim costs depends neither on the backlog of a webhook nor on history. What a suspended organisation
# is to be sent waits.
CLAIM = """
    WITH running AS (
        SELECT webhook.organisation_id, count(*) AS count, array_agg(webhook.id) AS webhooks
          FROM webhooks_webhookmessage message JOIN webhooks_webhook webhook ON webhook.id = message.webhook_id
         WHERE message.lease_until > clock_timestamp() GROUP BY 1
    ), due AS (
        SELECT message.id, message.due_at, webhook.organisation_id, webhook.failing_since IS NOT NULL AS failing
          FROM webhooks_webhook webhook
          JOIN participants_organisation organisation ON organisation.id = webhook.organisation_id
          LEFT JOIN running ON running.organisation_id = webhook.organisation_id
         CROSS JOIN LATERAL (
               SELECT id, due_at FROM webhooks_webhookmessage
                WHERE webhook_id = webhook.id AND state = 'pending' AND due_at <= clock_timestamp()
                  AND (lease_until IS NULL OR lease_until <= clock_timestamp())
                ORDER BY due_at, id
                LIMIT CASE WHEN webhook.failing_since IS NOT NULL THEN 1 ELSE %(of_organisation)s END) AS message
         WHERE webhook.state = 'active' AND organisation.state = 'active'
           AND NOT (webhook.failing_since IS NOT NULL AND webhook.id = ANY(coalesce(running.webhooks, '{}')))
    ), placed AS (
        SELECT due.*, row_number() OVER (PARTITION BY organisation_id ORDER BY due_at, id)
                      + coalesce((SELECT count FROM running WHERE running.organisation_id = due.organisation_id), 0)
                      AS place
          FROM due
    ), chosen AS (
        SELECT id, failing, row_number() OVER (PARTITION BY failing ORDER BY place, due_at, id) AS turn
          FROM placed WHERE place <= %(of_organisation)s
    ), taken AS (
        SELECT id FROM chosen
         WHERE turn <= CASE WHEN failing THEN %(failing_slots)s ELSE %(slots)s END
         ORDER BY failing, turn LIMIT %(slots)s
    ), locked AS (
        SELECT id FROM webhooks_webhookmessage
         WHERE id IN (SELECT id FROM taken) AND state = 'pending'
           AND (lease_until IS NULL OR lease_until <= clock_timestamp())
           FOR UPDATE SKIP LOCKED
    )
    UPDATE webhooks_webhookmessage AS message
       SET attempts = least(message.attempts, %(ceiling)s - 1) + 1,
           lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
      FROM locked WHERE message.id = locked.id
    RETURNING message.id
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt that was counted and must now be made.

    ``identifier``: the ``webhook-id``. ``body``: the JSON to send. ``sealed``: the secrets that sign it, the current one
    first.
    """

    message_id: int
    webhook_id: int
    number: int
    failing: bool
    url: str
    identifier: str
    event_type: str
    body: str
    sealed: tuple[str, ...]


@transaction.atomic
def claim(*, slots: int, failing_slots: int) -> list[Claim]:
    """Claim at most ``slots`` due messages, of them ``failing_slots`` of failing webhooks, and count their attempts.

    The caller sends each and calls ``record_answer`` within ``LEASE_SECONDS``; else the attempt is lost, and the
    message is claimed again. A message whose last attempt was lost, or whose event is no longer available or cannot be
    written, is given up with an attempt that says so.
    """
    CLAIM_LOCK.acquire()
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM,
            {
                "slots": slots,
                "failing_slots": failing_slots,
                "of_organisation": ORGANISATION_ATTEMPTS_MAX,
                "lease_seconds": LEASE_SECONDS,
                "ceiling": ATTEMPTS_CEILING,
            },
        )
        keys = [row[0] for row in cursor.fetchall()]
    rows = WebhookMessage.objects.select_related("webhook").only(*CLAIMED_COLUMNS)
    messages = list(rows.filter(pk__in=keys).order_by("pk"))
    secrets = _secrets_of({message.webhook_id for message in messages})
    events = envelopes_by_key([message.event_id for message in messages if message.event_id])
    claims: list[Claim] = []
    given_up: list[WebhookMessage] = []
    for message in messages:
        content = _sendable(message, events)
        if content is None or message.attempts > ATTEMPTS_MAX:
            given_up.append(message)
            continue
        claims.append(
            Claim(
                message_id=message.pk,
                webhook_id=message.webhook_id,
                number=message.attempts,
                failing=message.webhook.failing_since is not None,
                url=message.webhook.url,
                sealed=tuple(secrets.get(message.webhook_id, ())),
                **content,
            )
        )
    _give_up(given_up)
    return claims


def _give_up(messages: list[WebhookMessage]) -> None:
    """Give up messages that cannot be sent, each with an attempt that tells its organisation why."""
    names = names_by_key(message.event_id for message in messages if message.event_id)
    for message in messages:
        is_lost = message.attempts > ATTEMPTS_MAX
        identifier, event_type = (
            (message.ping, PING) if message.ping else names.get(message.event_id or 0, ("", ""))
        )
        WebhookAttempt.objects.create(
            webhook=message.webhook,
            message=identifier,
            type=event_type,
            number=min(message.attempts, ATTEMPTS_MAX),
            outcome=AttemptOutcome.SENDER_LOST if is_lost else AttemptOutcome.NOT_AVAILABLE,
            took_ms=0,
        )
        advance(message, MESSAGE, command="give_up", role="system", lease_until=None)


def _sendable(message: WebhookMessage, events: dict[int, Envelope]) -> dict[str, str] | None:
    """As ``_content_of``; None also for an event that cannot be written as a message, which stands aside."""
    try:
        return _content_of(message, events)
    except Exception as error:  # one event that cannot be written must not hold back the messages of others
        SENDING.set_aside(f"{message.webhook.public_id} {message.pk}", error, for_good=True)
        return None


def _content_of(message: WebhookMessage, events: dict[int, Envelope]) -> dict[str, str] | None:
    """Identifier, type and body of a message: a CloudEvent in JSON; None if its event is no longer available."""
    if message.ping is not None:
        event_type, content = PING, _ping_event(message)
    elif (envelope := events.get(message.event_id or 0)) is not None:
        event_type, content = envelope.type, cloudevent_for(envelope, message.webhook.scope)
    else:
        return None
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return {"identifier": str(content["id"]), "event_type": event_type, "body": body}


def _ping_event(message: WebhookMessage) -> dict[str, Any]:
    return cloudevent(
        identifier=str(message.ping),
        event_type=f"sanpo.{PING}.v1",
        subject=message.webhook.public_id,
        time=message.queued_at,
        data={},
    )


def _secrets_of(webhooks: Iterable[int]) -> dict[int, list[str]]:
    """The secrets that sign now, by webhook: the current one, then the one that expires."""
    valid = Q(expires_at__isnull=True) | Q(expires_at__gt=clock.real_now())
    secrets: dict[int, list[str]] = {}
    for row in WebhookSecret.objects.filter(valid, webhook_id__in=webhooks).order_by("-pk"):
        secrets.setdefault(row.webhook_id, []).append(row.sealed)
    return secrets


@transaction.atomic
def record_answer(*, claim: Claim, answer: Answer) -> bool:
    """Record how a claimed attempt ended, and what follows; returns whether the attempt was still the claimant's.

    A 2xx delivers the message. 410 gives it up and disables the webhook. Anything else is tried again later; after the
    last attempt the message is given up, and the webhook is disabled unless it took another message since this one was
    queued.
    """
    webhook = Webhook.objects.select_for_update(no_key=True).get(pk=claim.webhook_id)
    message = WebhookMessage.objects.select_for_update().filter(pk=claim.message_id).first()
    if message is None or message.lease_until is None or message.attempts != claim.number:
        return False
    WebhookAttempt.objects.create(
        webhook=webhook,
        message=claim.identifier,
        type=claim.event_type,
        number=claim.number,
        outcome=answer.outcome,
        status=answer.status,
        took_ms=answer.took_ms,
    )
    now = clock.real_now()
    if answer.outcome == AttemptOutcome.DELIVERED:
        advance(message, MESSAGE, command="deliver", role="system", lease_until=None)
        if webhook.failing_since is not None:
            _set_health(webhook, failing_since=None, recovered_at=now)
        return True
    if webhook.failing_since is None:
        _set_health(webhook, failing_since=now)
    if answer.status == GONE:
        advance(message, MESSAGE, command="give_up", role="system", lease_until=None)
        disable_if_active(webhook, DisabledReason.GONE)
    elif claim.number >= ATTEMPTS_MAX:
        advance(message, MESSAGE, command="give_up", role="system", lease_until=None)
        if webhook.recovered_at is None or webhook.recovered_at < message.queued_at:
            disable_if_active(webhook, DisabledReason.FAILING)
    else:
        message.lease_until, message.due_at = None, now + pause_after(claim.number)
        message.save(update_fields=["lease_until", "due_at"])
    return True


def disable_if_active(webhook: Webhook, reason: DisabledReason) -> None:
    """Disable the webhook unless its organisation did so while the attempt ran."""
    if webhook.state == WebhookState.ACTIVE:
        disable(webhook, reason)


def pause_after(attempt: int) -> timedelta:
    """The pause after a failed attempt (1, 2, …), with a tenth of jitter either way."""
    return timedelta(seconds=BACKOFF_SECONDS[attempt - 1] * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311


def _set_health(webhook: Webhook, **changes: datetime | None) -> None:
    for name, value in changes.items():
        setattr(webhook, name, value)
    webhook.save(update_fields=list(changes))
