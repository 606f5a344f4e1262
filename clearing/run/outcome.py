"""Decides whether a cycle is settled in full or in part."""

from __future__ import annotations

from django.db import connection

from ..cycles.models import Cycle
from ..cycles.states import CycleState
from ..settlement.models import SettlementInstruction
from ..settlement.states import InstructionState

_CLAIMS = """
    SELECT EXISTS (
        SELECT FROM clearing_shortfall s
          JOIN clearing_account a ON a.organisation_id = s.organisation_id AND a.currency = s.currency
           AND a.kind = 'claim'
          JOIN clearing_balance b ON b.account_id = a.id
         WHERE s.cycle_id = %s AND s.lent_minor > 0 AND b.balance_minor > 0)
"""
_DEFERRED = """
    WITH RECURSIVE successor(id) AS (
        SELECT next_id FROM clearing_deferral WHERE cycle_id = %s
            UNION ALL SELECT d.next_id FROM successor JOIN clearing_deferral d ON d.obligation_id = successor.id
    )
    SELECT EXISTS (
            SELECT FROM successor JOIN clearing_obligation o ON o.id = successor.id JOIN clearing_cycle c ON c.id = o.cycle_id
             WHERE c.posted_at IS NULL AND NOT EXISTS (SELECT FROM clearing_deferral d WHERE d.obligation_id = successor.id))
"""
"""Whether a deferral of the cycle is still unsettled, in the next cycle or a later one."""


def settlement_outcome(cycle: Cycle) -> str | None:
    """``settled`` or ``partial`` by the state of the payments; None while one may still be confirmed.

    Partial: a payment failed and was not made again, a claim for money lent in the cycle is not collected, or a deferral
    of the cycle is not settled.
    """
    states = {
        (organisation, state)
        for organisation, state in SettlementInstruction.objects.filter(cycle=cycle).values_list(
            "organisation_id", "state"
        )
    }
    confirmed = {organisation for organisation, state in states if state == InstructionState.CONFIRMED}
    failed = {organisation for organisation, state in states if state == InstructionState.FAILED}
    if any(state not in (InstructionState.CONFIRMED, InstructionState.FAILED) for _, state in states):
        return None
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMS, [cycle.pk])
        claimed = bool(cursor.fetchone()[0])
        cursor.execute(_DEFERRED, [cycle.pk])
        deferred = bool(cursor.fetchone()[0])
    in_part = claimed or deferred or failed - confirmed
    return str(CycleState.PARTIAL if in_part else CycleState.SETTLED)
