"""Journal entries that follow from trades: a hold, the payment of a guaranteed part, the capture and the return."""

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
          LEFT JOIN public.clearing_guaranteedpart g ON g.trade_id = t.id
         CROSS JOIN LATERAL (
            SELECT coalesce(t.captured_price_minor + t.captured_tax_minor, 0) AS captured_minor) c
         CROSS JOIN LATERAL (VALUES
            ('hold', 'hold', 'available', 'held', t.gross_minor - coalesce(g.amount_minor, 0), t.secured_at),
            ('capture', 'unhold', 'held', 'payable', c.captured_minor, t.accepted_at),
            ('capture', 'unused', 'held', 'available', t.gross_minor - c.captured_minor,
             CASE WHEN c.captured_minor > 0 THEN t.accepted_at END),
            ('return', 'unhold', 'held', 'available',
             t.gross_minor - CASE WHEN g.paid_at IS NULL THEN coalesce(g.amount_minor, 0) ELSE 0 END,
             CASE WHEN t.state = 'refunded' THEN t.ended_at WHEN c.captured_minor = 0 THEN t.accepted_at END)
         ) AS v(kind, line, debit, credit, amount_minor, due_at)
         WHERE t.public_id = e.cause AND e.reference = e.kind || ':' || t.public_id AND t.id = e.trade_id
           AND t.buyer_id = e.organisation_id AND v.kind = e.kind AND v.due_at IS NOT NULL AND v.amount_minor > 0
    """,
)
"""What a trade holds, and then owes, is known at the end of the transaction that moves it on."""

GUARANTEED = Cause(
    kinds=(EntryKind.GUARANTEED,),
    table="clearing_guaranteedpart",
    lines="""
        SELECT g.paid_at AS caused_at, 'guaranteed_paid' AS line, g.paid_from AS debit, t.buyer_id AS debit_of,
               'held' AS credit, t.buyer_id AS credit_of, g.amount_minor, t.currency
          FROM public.clearing_guaranteedpart g JOIN public.clearing_trade t ON t.id = g.trade_id
         WHERE g.public_id = e.cause AND e.reference = e.kind || ':' || g.public_id AND t.id = e.trade_id
           AND t.buyer_id = e.organisation_id AND g.paid_at IS NOT NULL
    """,
)
"""A guaranteed part that is paid is put on hold, from the buyer's available money or from its security deposit."""
