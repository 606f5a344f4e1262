"""Signs of life of the processes that serve nobody over HTTP."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from .states import ProcessKind


class Heartbeat(models.Model):
    """The last sign of life of one worker or beat, by ``name``: a worker's is its Celery node name.

    ``queues`` are those that a worker takes tasks from. Times are real time, of the database's clock.
    """

    name = models.CharField(max_length=200, primary_key=True)
    kind = models.CharField(max_length=10, choices=ProcessKind.choices)
    host = models.CharField(max_length=100)
    queues = models.JSONField(default=list)
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
