"""Alarms of overdue cycles."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import immutable, no_delete, set_once

from ..cycles.models import Cycle
from ..ledger.models import Entry
from .causes import CLEARED
from .states import OverdueReason


class CycleAlarm(models.Model):
    """An alarm: a cycle is, or was, overdue for a reason since a moment, until ``ended_at``.

    Invariants: one alarm per cycle and reason; it is ended once and otherwise never changes. Rows are never deleted.
    """

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=20, choices=OverdueReason.choices)
    since = MomentField()
    raised_at = MomentField()
    ended_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cycle", "reason"], name="cycle_alarm_once"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("raised_at")), name="cycle_alarm_ended"
            ),
        ]
        indexes = [models.Index("cycle", name="cycle_alarm_standing", condition=Q(ended_at=None))]
        triggers = [
            immutable("cycle_id", "reason", "since", "raised_at"),
            set_once("ended_at"),
            no_delete(),
        ]


# The entries that clear a cycle are planned in this room, so their guard is registered here.
pgtrigger.register(CLEARED.guard("caused_by_position"))(Entry)
