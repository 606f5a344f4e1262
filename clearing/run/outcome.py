"""Decides whether cycles are settled in full or in part."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Exists, OuterRef

from ..cycles.models import Cycle
from ..cycles.states import CycleState
from ..settlement.models import SettlementInstruction
from ..settlement.states import InstructionState
from ..shortfalls.queries import open_deferrals

ENDED_STATES = (InstructionState.CONFIRMED, InstructionState.FAILED, InstructionState.CANCELLED)

_CLAIMS = """
    SELECT DISTINCT s.cycle_id
      FROM clearing_shortfall s
      JOIN clearing_account a ON a.organisation_id = s.organisation_id AND a.currency = s.currency AND a.kind = 'claim'
      JOIN clearing_balance b ON b.account_id = a.id
     WHERE s.cycle_id = ANY(%s) AND s.lent_minor > 0 AND b.balance_minor > 0
"""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What keeps a cycle from being settled in full: ``failed`` payments not made again, open claims, open deferrals."""

    failed: int
    claims: bool
    deferrals: bool

    def __bool__(self) -> bool:
        """Whether anything keeps the cycle from being settled in full."""
        return bool(self.failed or self.claims or self.deferrals)


def unfinished(cycles: Collection[Cycle]) -> dict[int, Unfinished]:
    """What keeps each of ``cycles`` from being settled in full, by cycle key, in three queries."""
    keys = [cycle.pk for cycle in cycles]
    made_again = SettlementInstruction.objects.filter(instead_of=OuterRef("pk"))
    failed = dict(
        SettlementInstruction.objects.filter(cycle__in=keys, state=InstructionState.FAILED)
        .exclude(Exists(made_again))
        .values_list("cycle_id")
        .annotate(count=Count("pk"))
    )
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMS, [keys])
        claimed = {key for (key,) in cursor.fetchall()}
    deferred = {cycle for cycle, _ in open_deferrals(keys)}
    return {key: Unfinished(failed.get(key, 0), key in claimed, key in deferred) for key in keys}


def settlement_outcome(cycle: Cycle) -> str | None:
    """``settled`` or ``partial`` by the state of the payments; None while one may still be confirmed.

    Partial: a payment failed and was not made again, a claim for money lent in the cycle is not collected, or a deferral
    of the cycle is not settled.
    """
    if SettlementInstruction.objects.filter(cycle=cycle).exclude(state__in=ENDED_STATES).exists():
        return None
    return str(CycleState.PARTIAL if unfinished([cycle])[cycle.pk] else CycleState.SETTLED)
