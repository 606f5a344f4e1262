"""Journal entries that follow from trades: a hold, its capture and its return."""

from __future__ import annotations

from ..ledger.causes import Cause
from ..ledger.states import EntryKind

HELD = Cause(
    kinds=(EntryKind.HOLD, EntryKind.CAPTURE, EntryKind.RETURN),
    table="clearing_trade",
    at_commit=True,
    lines="""
        SELECT v.due_at AS caused_at, v.line, v.debit, t.buyer_id AS debit_of, v.credit, t.buyer_id AS credit_of,
               v.amount_minor, t.currency
          FROM public.clearing_trade t
         CROSS JOIN LATERAL (
            SELECT coalesce(t.captured_price_minor + t.captured_tax_minor, 0) AS captured_minor) c
         CROSS JOIN LATERAL (VALUES
            ('hold', 'hold', 'available', 'held', t.gross_minor, t.secured_at),
            ('capture', 'unhold', 'held', 'payable', c.captured_minor, t.accepted_at),
            ('capture', 'unused', 'held', 'available', t.gross_minor - c.captured_minor,
             CASE WHEN c.captured_minor > 0 THEN t.accepted_at END),
            ('return', 'unhold', 'held', 'available', t.gross_minor,
             CASE WHEN t.state = 'refunded' THEN t.ended_at WHEN c.captured_minor = 0 THEN t.accepted_at END)
         ) AS v(kind, line, debit, credit, amount_minor, due_at)
         WHERE t.public_id = e.cause AND e.reference = e.kind || ':' || t.public_id AND t.id = e.trade_id
           AND t.buyer_id = e.organisation_id AND v.kind = e.kind AND v.due_at IS NOT NULL AND v.amount_minor > 0
    """,
)
"""What a trade holds, and then owes, is known at the end of the transaction that moves it on."""
