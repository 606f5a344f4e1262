"""Journal entries that follow from decisions on funds, and from the shortfalls of a cycle."""

from __future__ import annotations

from ..ledger.causes import Cause
from ..ledger.states import EntryKind

DECIDED = Cause(
    kinds=(EntryKind.DEPOSIT, EntryKind.WRITE_OFF),
    table="clearing_fundsdecision",
    lines="""
        SELECT d.decided_at AS caused_at, v.line, v.debit, v.debit_of, v.credit, v.credit_of, d.amount_minor, d.currency
          FROM public.clearing_fundsdecision d
         CROSS JOIN LATERAL (VALUES
            ('deposit_paid', 'deposit', 'deposited', 'available', d.organisation_id, 'deposit', d.organisation_id),
            ('deposit_released', 'deposit', 'deposit_released', 'deposit', d.organisation_id, 'available',
             d.organisation_id),
            ('claim_written_off', 'write_off', 'written_off', 'write_off', NULL, 'claim', d.organisation_id),
            ('claim_written_off', 'write_off', 'reserve_used', 'reserve', NULL, 'write_off', NULL)
         ) AS v(decision, kind, line, debit, debit_of, credit, credit_of)
         WHERE d.public_id = e.cause AND e.reference = e.kind || ':' || d.public_id AND v.decision = d.kind
           AND v.kind = e.kind AND d.organisation_id = e.organisation_id
        UNION ALL
        SELECT w.decided_at, 'written_off', 'write_off', NULL, 'fees_receivable', NULL, w.amount_minor, w.currency
          FROM public.clearing_feewriteoff w
         WHERE w.public_id = e.cause AND e.reference = e.kind || ':' || w.public_id AND e.kind = 'write_off'
           AND w.organisation_id = e.organisation_id
        UNION ALL
        SELECT r.decided_at, 'bad_debt_tax', 'tax_payable', NULL, 'write_off', NULL, r.tax_minor, w.currency
          FROM public.clearing_taxrelief r JOIN public.clearing_feewriteoff w ON w.id = r.write_off_id
         WHERE r.public_id = e.cause AND e.reference = e.kind || ':' || r.public_id AND e.kind = 'write_off'
           AND w.organisation_id = e.organisation_id
    """,
)
"""A write-off is of a claim, of a fee that was put off, or of the tax of one, each with its own decision."""

_DRAWN = """
    SELECT sum(q.amount_minor) FROM public.clearing_entry o JOIN public.clearing_posting q ON q.entry_id = o.id
     WHERE o.cycle_id = c.id AND o.organisation_id = e.organisation_id AND o.kind = 'cover'
       AND q.line = p.line AND q.amount_minor > 0
"""

SET_ASIDE = Cause(
    kinds=(EntryKind.COVER,),
    table="clearing_cycle",
    at_commit=True,
    lines=f"""
        SELECT c.closed_at AS caused_at, p.line, v.debit, e.organisation_id AS debit_of, 'payable' AS credit,
               e.organisation_id AS credit_of, p.amount_minor, c.currency
          FROM public.clearing_cycle c
          JOIN public.participants_organisation party ON party.id = e.organisation_id AND NOT party.is_operator
          JOIN public.clearing_posting p ON p.entry_id = e.id AND p.amount_minor > 0
          JOIN (VALUES ('drawn_receivable', 'receivable'), ('drawn', 'available'), ('drawn_payment', 'receivable'),
                       ('drawn_deposit', 'deposit'), ('drawn_reserve', 'claim')) AS v(line, debit) ON v.line = p.line
         WHERE c.public_id = e.cause AND c.id = e.cycle_id AND c.state NOT IN ('open', 'closing')
           AND e.reference IN ('cover:' || c.public_id || ':' || party.public_id,
                               'cover:' || c.public_id || ':' || party.public_id || ':awaited')
           AND CASE p.line
               WHEN 'drawn_reserve' THEN ({_DRAWN}) = (
                SELECT s.lent_minor FROM public.clearing_shortfall s
                 WHERE s.cycle_id = c.id AND s.organisation_id = e.organisation_id)
               WHEN 'drawn_payment' THEN ({_DRAWN}) = (
                SELECT sum(s.amount_minor) FROM public.clearing_setoff s
                 WHERE s.cycle_id = c.id AND s.organisation_id = e.organisation_id)
               ELSE true END
    """,  # noqa: S608  our own words
)
"""How much of its own money a participant needs for a cycle its position says, which is written later
(``netting.guards``); shortfalls and set-offs say what comes from elsewhere."""
