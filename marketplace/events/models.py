"""Outbox, relay position, inbox, and the ranges of events that have left for the archive.

Outbox and inbox are partitioned by ranges of the event's key, so that old ranges leave as whole tables
(``partitions.py``). No foreign key points at either, because it would keep a range from leaving.
"""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.db.models.lookups import Exact

from marketplace.kernel.actors import PERSON_PREFIX
from marketplace.kernel.columns import AttemptsField, BoundedJSONField, MomentField, TransactionIdField
from marketplace.kernel.correlation import current_request_id
from marketplace.kernel.guards import (
    append_only,
    dated_now,
    no_delete,
    only_forward,
    own_key,
    own_transaction,
    state_guard,
)
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField

from .guards import (
    abandoned_on_record,
    abandonment_of_parked,
    counted_in_batches,
    event_exists,
    position_reached,
)
from .states import ABANDONED_BY_ONE, INBOX, InboxState

REASON_LENGTH_MAX = 500


class OutboxEvent(models.Model):
    """An event as emitted, written in the transaction of the change that it records.

    ``transaction`` orders events by commit, which the sequence of ``id`` does not: an event is relayed once every
    transaction that began before its own has ended. Append-only. ``public_id`` is unique within a range. Invariants: ``data`` is a JSON object
    within the bounds of ``BoundedJSONField``; key and transaction are those that the server gave to this row.
    ``request_id``: the request in whose course it was emitted, if there is one; logs and traces of its handlings name it.
    """

    public_id = IdentifierField(prefix="evt")
    type = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField()
    subject = models.CharField(max_length=60)
    data = BoundedJSONField()
    occurred_at = MomentField()
    recorded_at = MomentField(db_default=Now())
    transaction = TransactionIdField(db_default=models.Func(function="pg_current_xact_id"))
    request_id = models.CharField(max_length=64, default=current_request_id, db_default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Exact(
                    models.Func("data", function="jsonb_typeof", output_field=models.CharField()), "object"
                ),
                name="outbox_data_object",
            )
        ]
        indexes = [
            # The relay reads after its position, cycles count up to their barrier.
            models.Index("transaction", "id", name="outbox_commit_order"),
            models.Index("subject", name="outbox_subject"),
        ]
        triggers = [
            append_only(),
            dated_now("occurred_at", real=["recorded_at"]),
            own_key(),
            own_transaction(),
        ]


class RelayPosition(models.Model):
    """The last event that the relay has copied to the inboxes: (``transaction``, ``event_id``). One row.

    ``events`` and ``entries`` are how many events it has copied so far, and how many inbox entries it has made of them.

    Invariants: the server has begun that transaction, so every later event lies after the position; it never moves back,
    and the counts grow by a batch at most. The row is never deleted.
    """

    name = models.CharField(max_length=30, primary_key=True)
    transaction = TransactionIdField()
    event_id = models.BigIntegerField()
    events = models.BigIntegerField(db_default=0)
    entries = models.BigIntegerField(db_default=0)

    class Meta:
        triggers = [position_reached(), only_forward(), counted_in_batches(), no_delete()]


class InboxEntry(models.Model):
    """One event for one handler. The handler's own transaction marks it handled, so the handler runs once per event.

    Entries of one ``subscriber`` (application) and ``subject`` are handled in the order of ``id``, which is the order
    of commits. A worker leases an entry before it handles it: ``lease`` is the worker's token until ``lease_until``
    (real time), and ``attempts`` is counted with it. After repeated failures an entry is parked; it blocks later
    entries of the same subject until the operator retries it, or abandons it with a reason (``Abandonment``).

    Invariants: an event enters an inbox once; the event exists; only a pending entry is leased; what is abandoned is on
    record. The primary key of the table is (``id``, ``event_id``), because a unique key of a partitioned table contains its partition key.
    """

    event = models.ForeignKey(
        OutboxEvent, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    handler = models.CharField(max_length=120)
    subscriber = models.CharField(max_length=40)
    subject = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=InboxState.choices, db_default=InboxState.PENDING)
    attempts = AttemptsField(db_default=0)
    due_at = MomentField(db_default=Now())
    lease = models.UUIDField(null=True)
    lease_until = MomentField(null=True)
    handled_at = MomentField(null=True)
    error = models.TextField(db_default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "handler"], name="inbox_once"),
            models.CheckConstraint(
                condition=Q(state="handled", handled_at__isnull=False)
                | (~Q(state="handled") & Q(handled_at__isnull=True)),
                name="inbox_handled_when",
            ),
            models.CheckConstraint(
                condition=Q(lease__isnull=True, lease_until__isnull=True)
                | Q(state="pending", lease__isnull=False, lease_until__isnull=False),
                name="inbox_leased_when",
            ),
        ]
        # Each holds only what is not handled, so that claiming costs the same at any history. No column that a lease
        # changes is indexed, so that taking one is an update within the page.
        indexes = [
            models.Index("id", name="inbox_pending", condition=Q(state="pending")),
            models.Index("id", name="inbox_parked", condition=Q(state="parked")),
            models.Index(
                "subscriber", "subject", "id", name="inbox_unhandled", condition=~Q(state="handled")
            ),
        ]
        triggers = [own_key(), state_guard(INBOX), no_delete(), event_exists(), abandoned_on_record()]


class Abandonment(models.Model):
    """An inbox entry that the operator gave up: the event was never handled, and later events of its subject go on.

    ``entry_key`` and ``event_key`` are the keys of the entry and of its event, whose range may have left since.
    ``first_person`` asked for it before ``abandoned_by`` gave the same command; empty if one person sufficed.

    Invariants: it was parked; two people gave it up, the second no program, unless its subscriber only tells people
    something. Append-only.
    """

    entry_key = models.BigIntegerField(unique=True)
    event_key = models.BigIntegerField()
    event = models.CharField(max_length=IDENTIFIER_LENGTH)
    handler = models.CharField(max_length=120)
    subscriber = models.CharField(max_length=40)
    subject = models.CharField(max_length=60)
    reason = models.CharField(max_length=REASON_LENGTH_MAX)
    first_person = models.CharField(max_length=60, blank=True, default="")
    abandoned_by = models.CharField(max_length=60)
    abandoned_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(subscriber__in=ABANDONED_BY_ONE)
                | ~Q(first_person="")
                & ~Q(first_person=models.F("abandoned_by"))
                & Q(abandoned_by__startswith=f"{PERSON_PREFIX}_"),
                name="abandonment_two_people",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="abandonment_reason"),
        ]
        triggers = [append_only(), dated_now(real=["abandoned_at"]), abandonment_of_parked()]


class ArchivedRange(models.Model):
    """The events with ``first_id`` ≤ key < ``end_id`` and their inbox entries, all handled or abandoned, moved into two files.

    ``events_file`` and ``entries_file`` are names in the archive's directory, with the SHA-256 of each file.
    ``first_public_id`` and ``last_public_id`` are the lowest and the highest public identifier in it.
    Invariants: ranges do not overlap; the register is append-only.
    """

    first_id = models.BigIntegerField()
    end_id = models.BigIntegerField()
    first_public_id = models.CharField(max_length=IDENTIFIER_LENGTH, db_default="", blank=True)
    last_public_id = models.CharField(max_length=IDENTIFIER_LENGTH)
    events = models.BigIntegerField()
    entries = models.BigIntegerField()
    events_file = models.CharField(max_length=200)
    events_sha256 = models.CharField(max_length=64)
    entries_file = models.CharField(max_length=200)
    entries_sha256 = models.CharField(max_length=64)
    archived_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(first_id__lt=models.F("end_id")), name="archived_range_ordered"
            ),
            ExclusionConstraint(
                expressions=[
                    (
                        models.Func(
                            "first_id", "end_id", function="int8range", output_field=BigIntegerRangeField()
                        ),
                        RangeOperators.OVERLAPS,
                    )
                ],
                name="archived_ranges_apart",
            ),
        ]
        triggers = [append_only(), dated_now(real=["archived_at"])]
