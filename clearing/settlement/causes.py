"""Journal entries that follow from planned payments (idle money that is set aside for its return) and reserve reductions."""

from __future__ import annotations

from ..ledger.causes import Cause
from ..ledger.states import EntryKind

IDLE = Cause(
    kinds=(EntryKind.IDLE_RETURN,),
    table="clearing_settlementinstruction",
    at_commit=True,
    lines="""
        SELECT i.planned_at AS caused_at, 'idle_return' AS line, 'available' AS debit, i.organisation_id AS debit_of,
               'receivable' AS credit, i.organisation_id AS credit_of, i.amount_minor, i.currency
          FROM public.clearing_settlementinstruction i
         WHERE i.public_id = e.cause AND e.reference = 'idle:' || i.public_id AND i.organisation_id = e.organisation_id
           AND (i.purpose, i.direction) = ('idle_return', 'out') AND i.instead_of_id IS NULL
    """,
)
"""A payment is planned after its money is set aside, because it must be covered."""

LOWERED = Cause(
    kinds=(EntryKind.RESERVE_LOWERED,),
    table="clearing_reservereduction",
    lines="""
        SELECT d.effective_from AS caused_at, 'reserve_lowered' AS line, 'reserve' AS debit, NULL::bigint AS debit_of,
               'own_funds' AS credit, NULL::bigint AS credit_of, d.amount_minor, d.currency
          FROM public.clearing_reservereduction d
         WHERE d.public_id = e.cause AND e.reference = 'reserve_lowered:' || d.public_id AND e.organisation_id IS NULL
    """,
)
"""The reserve becomes the operator's own money, on its day or later."""
