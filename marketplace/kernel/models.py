"""The market's clock, kept in the database so that every process uses the same business time; rows that stand aside; runs of
the owner's commands."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from .columns import MomentField
from .identifiers import IdentifierField


class Clock(models.Model):
    """One row: business time is ``business_anchor``, plus the real time since ``real_anchor`` while ``running``.

    ``moved_from`` is what it showed before its last move, and before the moves directly before that: who read it then may
    still be writing (``moments``). Invariant: there is at most one row (``clock_single``).
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    business_anchor = MomentField()
    real_anchor = MomentField()
    moved_from = MomentField(null=True)
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
    since = MomentField()
    next_at = MomentField(null=True)
    ended_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["loop", "subject"], condition=Q(ended_at=None), name="aside_row_once"
            ),
            models.CheckConstraint(condition=Q(failures__gte=1), name="aside_row_failures"),
        ]


class CommandRun(models.Model):
    """The last run of a command that is run periodically by its name. Times are real time.

    ``ended_at``: when it last came to its end, ``good_at`` when it last did without a fault, null if never. ``faults``: how
    many it found, such as broken invariants. A run that does not come to its end changes nothing, so ``good_at`` grows old.
    """

    command = models.CharField(max_length=60, primary_key=True)
    ended_at = MomentField()
    good_at = MomentField(null=True)
    faults = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(good_at__isnull=False, good_at__lte=models.F("ended_at"))
                | Q(good_at=None, faults__gt=0),
                name="command_run_good_before_end",
            ),
        ]
