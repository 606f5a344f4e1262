"""Decides whether cycles are settled in full or in part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef

from ..cycles.models import Cycle
from ..cycles.states import CycleState
from ..settlement.models import SettlementInstruction
from ..settlement.queries import carried_out_before
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
    """What keeps a cycle from being settled in full: ``failed`` payments to be made again, open claims, open deferrals."""

    failed: int
    claims: bool
    deferrals: bool

    def __bool__(self) -> bool:
        """Whether anything keeps the cycle from being settled in full."""
        return bool(self.failed or self.claims or self.deferrals)


def unfinished(cycles: Collection[Cycle]) -> dict[int, Unfinished]:
    """What keeps each of ``cycles`` from being settled in full, by cycle key, in a few queries."""
    keys = [cycle.pk for cycle in cycles]
    made_again = SettlementInstruction.objects.filter(instead_of=OuterRef("pk"))
    left = list(
        SettlementInstruction.objects.filter(cycle__in=keys, state=InstructionState.FAILED)
        .exclude(Exists(made_again))
        .only("cycle", "instead_of")
    )
    carried_out = carried_out_before(left)
    failed = Counter(payment.cycle_id for payment in left if payment.pk not in carried_out)
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMS, [keys])
        claimed = {key for (key,) in cursor.fetchall()}
    deferred = {cycle for cycle, _ in open_deferrals(keys)}
    return {key: Unfinished(failed[key], key in claimed, key in deferred) for key in keys}


def settlement_outcome(cycle: Cycle) -> str | None:
    """``settled`` or ``partial`` by the state of the payments; None while one may still be confirmed.

    Partial: a payment failed, was not made again, and what it replaces was not carried out after all; a claim for money
    lent in the cycle is not collected; or a deferral of the cycle is not settled.
    """
    if SettlementInstruction.objects.filter(cycle=cycle).exclude(state__in=ENDED_STATES).exists():
        return None
    return str(CycleState.PARTIAL if unfinished([cycle])[cycle.pk] else CycleState.SETTLED)
