"""Signs of life of the processes that serve nobody over HTTP, and alarms that were raised."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.db.models.lookups import Exact

from marketplace.kernel.columns import BoundedJSONField, MomentField
from marketplace.kernel.guards import immutable, no_delete, set_once
from marketplace.kernel.identifiers import IdentifierField

from .states import ProcessKind, Told


class Heartbeat(models.Model):
    """The last sign of life of one worker or beat, by ``name``: a worker's is its Celery node name.

    ``queues`` are those that a worker takes tasks from: a list. Times are real time, of the database's clock.
    """

    name = models.CharField(max_length=200, primary_key=True)
    kind = models.CharField(max_length=10, choices=ProcessKind.choices)
    host = models.CharField(max_length=100)
    queues = BoundedJSONField(default=list)
    started_at = MomentField(db_default=Now())
    seen_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Exact(
                    models.Func("queues", function="jsonb_typeof", output_field=models.CharField()),
                    models.Value("array"),
                ),
                name="heartbeat_queues_listed",
            )
        ]


class RaisedAlarm(models.Model):
    """An alarm of ``kernel.alarms`` that stands, or stood until ``ended_at``. Times are real time.

    ``number`` is the gauge's at the last reading above the threshold. ``calm_since``: since when it is no longer above.
    ``mail_told`` and ``webhook_told``: what each channel has been told last; of an ended one also ``end`` where the
    channel was not set up. ``mail_refusals`` and ``webhook_refusals``: how often the channel's server answered that it does
    not take what comes next; it is given up after ``telling.REFUSALS_MAX``.

    Invariants: of one code one alarm stands; an alarm ends once, after it was raised; rows are never deleted.
    """

    public_id = IdentifierField(prefix="alm")
    code = models.CharField(max_length=60)
    number = models.FloatField()
    raised_at = MomentField(db_default=Now())
    calm_since = MomentField(null=True)
    ended_at = MomentField(null=True)
    mail_told = models.CharField(max_length=8, choices=Told.choices, default=Told.NOTHING)
    webhook_told = models.CharField(max_length=8, choices=Told.choices, default=Told.NOTHING)
    mail_refusals = models.PositiveSmallIntegerField(default=0, db_default=0)
    webhook_refusals = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], name="alarm_stands_once", condition=Q(ended_at=None)),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("raised_at")), name="alarm_ended_after"
            ),
        ]
        indexes = [
            models.Index(
                "id", name="alarm_untold", condition=~Q(mail_told=Told.END) | ~Q(webhook_told=Told.END)
            ),
        ]
        triggers = [immutable("public_id", "code", "raised_at"), set_once("ended_at"), no_delete()]
