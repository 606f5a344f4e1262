"""Outbox, relay position and inbox."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.kernel.columns import TransactionIdField
from marketplace.kernel.guards import append_only, no_delete, state_guard
from marketplace.kernel.identifiers import IdentifierField

from .states import INBOX, InboxState


class OutboxEvent(models.Model):
    """An event as emitted, written in the transaction of the change that it records.

    ``transaction`` orders events by commit, which the sequence of ``id`` does not: an event is relayed once every
    transaction that began before its own has ended. Append-only.
    """

    public_id = IdentifierField(prefix="evt")
    type = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField()
    subject = models.CharField(max_length=60)
    data = models.JSONField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    transaction = TransactionIdField(db_default=models.Func(function="pg_current_xact_id"))

    class Meta:
        indexes = [
            models.Index("transaction", "id", name="outbox_commit_order"),
            models.Index("subject", name="outbox_subject"),
        ]
        triggers = [append_only()]


class RelayPosition(models.Model):
    """The last event that the relay has copied to the inboxes: (``transaction``, ``event_id``). One row."""

    name = models.CharField(max_length=30, primary_key=True)
    transaction = TransactionIdField()
    event_id = models.BigIntegerField()


class InboxEntry(models.Model):
    """One event for one handler. The handler's own transaction marks it handled, so the handler runs once per event.

    Entries of one ``subscriber`` (application) and ``subject`` are handled in the order of ``id``. After repeated
    failures an entry is parked; it blocks later entries of the same subject until the operator retries it.
    """

    event = models.ForeignKey(OutboxEvent, on_delete=models.PROTECT, related_name="+")
    handler = models.CharField(max_length=120)
    subscriber = models.CharField(max_length=40)
    subject = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=InboxState.choices, default=InboxState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    handled_at = models.DateTimeField(null=True)
    error = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "handler"], name="inbox_once"),
            models.CheckConstraint(
                condition=Q(state="handled", handled_at__isnull=False)
                | (~Q(state="handled") & Q(handled_at__isnull=True)),
                name="inbox_handled_when",
            ),
        ]
        indexes = [
            models.Index(
                "subscriber", "subject", "id", name="inbox_unhandled", condition=~Q(state="handled")
            ),
        ]
        triggers = [state_guard(INBOX), no_delete()]
