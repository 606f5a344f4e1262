"""The market's clock, kept in the database so that every process uses the same business time; rows that stand aside."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from .identifiers import IdentifierField


class Clock(models.Model):
    """One row: business time is ``business_anchor``, plus the real time since ``real_anchor`` while ``running``.

    ``moved_from`` is what it showed before its last move, and before the moves directly before that: who read it then may
    still be writing (``moments``). Invariant: there is at most one row (``clock_single``).
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    business_anchor = models.DateTimeField()
    real_anchor = models.DateTimeField()
    moved_from = models.DateTimeField(null=True)
    running = models.BooleanField(default=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="clock_single")]


class AsideRow(models.Model):
    """A row that a loop could not process, and that stands aside so that the others go on (``kernel.aside``).

    ``loop`` is ``<app>.<what it does>``, ``subject`` names the row, ``error`` is what it last failed with, ``failures``
    how often it has failed. It is tried again from ``next_at`` on, in real time, null if nobody tries it again;
    ``ended_at`` is when it was processed at last. Invariant: a row stands aside from a loop once at a time.
    """

    public_id = IdentifierField(prefix="asd")
    loop = models.CharField(max_length=60)
    subject = models.CharField(max_length=100)
    error = models.CharField(max_length=500)
    failures = models.PositiveIntegerField(default=1)
    since = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["loop", "subject"], condition=Q(ended_at=None), name="aside_row_once"
            ),
            models.CheckConstraint(condition=Q(failures__gte=1), name="aside_row_failures"),
        ]
