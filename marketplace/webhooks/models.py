"""The feed, webhooks, their secrets and messages, and the attempts to send them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.events.guards import position_reached
from marketplace.kernel.columns import AttemptsField, MomentField, TransactionIdField
from marketplace.kernel.guards import immutable, no_delete, only_forward, own_key, state_guard
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.participants.suspension_guards import begun_by_active

from .states import MESSAGE, WEBHOOK, AttemptOutcome, DisabledReason, MessageState, WebhookState

URL_LENGTH_MAX = 500
DESCRIPTION_LENGTH_MAX = 200
TYPE_LENGTH_MAX = 60


class FeedPosition(models.Model):
    """The last event of the outbox that was published to the feed: (``transaction``, ``event_id``). One row.

    Invariants: the server has begun that transaction; the position never moves back. The row is never deleted.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    transaction = TransactionIdField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="feed_position_one")]
        triggers = [position_reached(), only_forward(), no_delete()]


class FeedEntry(models.Model):
    """One event in the feed of one ``scope``: an organisation's public identifier, ``operator`` or ``everyone``.

    ``id`` follows the order of commits, because one publisher at a time writes entries, and only of events before the
    horizon. ``event_id`` is the event's key in the outbox. Invariant: an event is in the feed of a scope once.
    """

    scope = models.CharField(max_length=IDENTIFIER_LENGTH)
    event_id = models.BigIntegerField()
    type = models.CharField(max_length=TYPE_LENGTH_MAX)
    published_at = MomentField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event_id", "scope"], name="feed_once")]
        indexes = [
            models.Index("scope", "id", name="feed_of_scope"),
            models.Index("scope", "type", "id", name="feed_of_type"),
            models.Index("published_at", name="feed_published"),
        ]
        triggers = [own_key(), immutable("scope", "event_id", "type", "published_at")]


class Webhook(models.Model):
    """Where an organisation wants its events sent.

    ``event_types`` (``trade.secured``) is empty for all that the organisation may see. ``failing_since``: the first
    failed attempt since the last success; ``recovered_at``: the last success after a failure. Invariants: it has a
    reason exactly while it is disabled; a deleted one keeps no secret and is never sent to; its organisation never
    changes.
    """

    public_id = IdentifierField(prefix="whk")
    organisation = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(max_length=IDENTIFIER_LENGTH)
    url = models.CharField(max_length=URL_LENGTH_MAX)
    event_types = ArrayField(models.CharField(max_length=TYPE_LENGTH_MAX), default=list, blank=True)
    description = models.CharField(max_length=DESCRIPTION_LENGTH_MAX, default="", blank=True)
    state = models.CharField(max_length=8, choices=WebhookState.choices, default=WebhookState.ACTIVE)
    disabled_reason = models.CharField(max_length=8, choices=DisabledReason.choices, null=True)
    created_at = MomentField(db_default=Now())
    failing_since = MomentField(null=True)
    recovered_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state="disabled", disabled_reason__isnull=False, disabled_reason__in=DisabledReason.values
                )
                | (~Q(state="disabled") & Q(disabled_reason__isnull=True)),
                name="webhook_disabled_why",
            ),
        ]
        indexes = [
            models.Index("organisation", "id", name="webhook_of_organisation"),
            models.Index("scope", name="webhook_active", condition=Q(state="active")),
        ]
        triggers = [
            state_guard(WEBHOOK),
            no_delete(),
            immutable("public_id", "organisation_id", "scope", "created_at"),
            begun_by_active(),
        ]


class WebhookSecret(models.Model):
    """A secret that signs the messages of a webhook, encrypted (``secrets.py``).

    The current one has no end; after a rotation the one before it also signs until ``expires_at``. Invariants: a
    webhook has one current secret, and one that expires at most; a secret never changes.
    """

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="secrets")
    sealed = models.TextField()
    expires_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["webhook"], condition=Q(expires_at__isnull=True), name="webhook_secret_current"
            ),
            models.UniqueConstraint(
                fields=["webhook"], condition=Q(expires_at__isnull=False), name="webhook_secret_expiring"
            ),
        ]
        triggers = [immutable("webhook_id", "sealed")]


class WebhookMessage(models.Model):
    """One event, or one ping, for one webhook, and when the next attempt to send it is due.

    ``attempts`` counts those since ``queued_at``; each is counted before it starts. ``lease_until``: until when the
    running attempt is its sender's. Invariants: an event is one message of a webhook, sent again on request; a message
    is about an event or is a ping; only a pending one is leased.
    """

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="+")
    event_id = models.BigIntegerField(null=True)
    ping = models.CharField(max_length=IDENTIFIER_LENGTH, null=True)
    state = models.CharField(max_length=9, choices=MessageState.choices, default=MessageState.PENDING)
    attempts = AttemptsField(default=0)
    queued_at = MomentField(db_default=Now())
    due_at = MomentField(db_default=Now())
    lease_until = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event_id"], name="webhook_message_once"),
            models.CheckConstraint(
                condition=Q(event_id__isnull=False, ping__isnull=True)
                | Q(event_id__isnull=True, ping__isnull=False),
                name="webhook_message_subject",
            ),
            models.CheckConstraint(
                condition=Q(state="pending") | Q(lease_until__isnull=True), name="webhook_message_lease"
            ),
        ]
        indexes = [
            models.Index("webhook", "due_at", "id", name="webhook_message_due", condition=Q(state="pending")),
            models.Index(
                "lease_until", name="webhook_message_leased", condition=Q(lease_until__isnull=False)
            ),
            models.Index("queued_at", name="webhook_message_queued"),
        ]
        triggers = [own_key(), state_guard(MESSAGE), immutable("webhook_id", "event_id", "ping")]


class WebhookAttempt(models.Model):
    """One ended attempt to send a message, or why a message was given up without one; it never changes.

    ``message`` is the ``webhook-id`` sent (an event's public identifier, or a ping's), ``number`` counts from 1,
    ``status`` is the receiver's, where it answered. What the receiver wrote is not kept. ``message`` and ``type`` are
    empty if the event, and its name with it, has left the outbox.
    """

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="+")
    message = models.CharField(max_length=IDENTIFIER_LENGTH, blank=True)
    type = models.CharField(max_length=TYPE_LENGTH_MAX, blank=True)
    number = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=13, choices=AttemptOutcome.choices)
    status = models.PositiveSmallIntegerField(null=True)
    took_ms = models.PositiveIntegerField()
    ended_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=("delivered", "refused"), status__isnull=False)
                | (~Q(outcome__in=("delivered", "refused")) & Q(status__isnull=True)),
                name="webhook_attempt_status",
            ),
        ]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="webhook_attempt_of_webhook"),
            models.Index("ended_at", name="webhook_attempt_ended"),
        ]
        triggers = [
            immutable("webhook_id", "message", "type", "number", "outcome", "status", "took_ms", "ended_at")
        ]
