"""The market's clock, kept in the database so that every process uses the same business time."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Clock(models.Model):
    """One row: business time is ``business_anchor``, plus the real time since ``real_anchor`` while ``running``.

    Invariant: there is at most one row (``clock_single``).
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    business_anchor = models.DateTimeField()
    real_anchor = models.DateTimeField()
    running = models.BooleanField(default=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="clock_single")]
