"""Journal entries that follow from bank entries: receipts, payments, suspense, and what was decided about it."""

from __future__ import annotations

from ..ledger.causes import Cause
from ..ledger.states import EntryKind

OF_FILE = """
    i.transfer_file_id = b.transfer_file_id AND i.confirmed_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.clearing_bankentry own WHERE own.instruction_id = i.id AND own.match = 'settlement')
"""
"""Whether the debit ``b`` of a whole file carried out payment ``i``: no debit of its own did."""

_EARLY = """
    CASE carried_out.match
        WHEN 'returned' THEN NOT EXISTS (
            SELECT FROM public.clearing_bankentry d WHERE d.id < b.id
               AND (d.instruction_id = i.id AND d.match = 'settlement'
                    OR d.transfer_file_id = i.transfer_file_id AND i.confirmed_at IS NOT NULL AND NOT EXISTS (
                        SELECT FROM public.clearing_bankentry own
                         WHERE own.instruction_id = i.id AND own.match = 'settlement')))
        WHEN 'settlement' THEN EXISTS (
            SELECT FROM public.clearing_bankentry r
             WHERE r.id < b.id AND r.instruction_id = i.id AND r.match = 'returned')
        ELSE false END
"""
"""Whether payment ``i`` came back before its debit."""

BOOKED = Cause(
    kinds=(
        EntryKind.PAY_IN,
        EntryKind.RESERVE,
        EntryKind.OWN_MONEY,
        EntryKind.PAYOUT,
        EntryKind.BANK_RETURN,
        EntryKind.EARLY_RETURN,
        EntryKind.SWEEP,
        EntryKind.SUSPENSE,
    ),
    table="clearing_bankentry",
    lines=f"""
        SELECT s.imported_at AS caused_at, known.line,
               CASE b.direction WHEN 'credit' THEN 'bank_client' ELSE other.account END AS debit,
               CASE b.direction WHEN 'credit' THEN NULL ELSE owner.id END AS debit_of,
               CASE b.direction WHEN 'credit' THEN other.account ELSE 'bank_client' END AS credit,
               CASE b.direction WHEN 'credit' THEN owner.id END AS credit_of, carried_out.amount_minor, b.currency
          FROM public.clearing_bankentry b
          JOIN public.clearing_bankstatement s ON s.id = b.statement_id
         CROSS JOIN LATERAL (
            SELECT b.match, b.instruction_id, b.organisation_id, b.amount_minor, 'bank:' || b.public_id AS reference
             WHERE b.match <> 'transfer_file'
            UNION ALL
            SELECT 'settlement', i.id, i.organisation_id, i.amount_minor, 'bank:' || b.public_id || ':' || i.public_id
              FROM public.clearing_settlementinstruction i
             WHERE b.match = 'transfer_file' AND i.public_id = split_part(e.reference, ':', 3) AND {OF_FILE}
         ) carried_out
          LEFT JOIN public.clearing_settlementinstruction i ON i.id = carried_out.instruction_id
          LEFT JOIN public.participants_organisation o ON o.id = carried_out.organisation_id
          JOIN (VALUES
            ('pay_in', 'credit', false, 'pay_in', 'pay_in', 'available'),
            ('reserve', 'credit', true, 'reserve', 'pay_in', 'reserve'),
            ('settlement', NULL, false, 'payout', 'payment', 'receivable'),
            ('settlement', NULL, true, 'sweep', 'payment', 'bank_operator'),
            ('returned', NULL, false, 'bank_return', 'payment', 'receivable'),
            ('returned', NULL, true, 'sweep', 'payment', 'bank_operator'),
            ('unallocated', 'credit', false, 'suspense', 'pay_in', 'unallocated'),
            ('unallocated', 'debit', false, 'suspense', 'unexplained', 'unexplained')
          ) AS known(match, direction, of_operator, kind, line, account)
            ON known.match = carried_out.match AND known.of_operator = coalesce(o.is_operator, false)
           AND coalesce(known.direction, b.direction) = b.direction
         CROSS JOIN LATERAL (SELECT {_EARLY} AS early) returned
         CROSS JOIN LATERAL (
            SELECT CASE WHEN returned.early THEN 'early_return' WHEN i.purpose = 'own_money' AND known.line = 'payment'
                        THEN 'own_funds' ELSE known.account END AS account,
                   CASE WHEN returned.early THEN 'early_return' WHEN i.purpose = 'own_money' AND known.line = 'payment'
                        THEN 'own_money' ELSE known.kind END AS kind) other
         CROSS JOIN LATERAL (
            SELECT CASE WHEN other.account IN ('available', 'receivable') THEN carried_out.organisation_id END AS id) owner
         WHERE b.public_id = e.cause AND e.reference = carried_out.reference AND other.kind = e.kind
           AND e.organisation_id IS NOT DISTINCT FROM carried_out.organisation_id
           AND (known.line <> 'payment'
                OR (i.amount_minor, i.currency, i.organisation_id)
                   = (carried_out.amount_minor, b.currency, carried_out.organisation_id)
               AND (i.direction = 'out') = ((carried_out.match = 'settlement') = (b.direction = 'debit')))
    """,  # noqa: S608  our own words
)
"""A payment out is carried out by a debit and returned by a credit; own money of the operator is paid in by a credit. A debit
of a whole file has an entry for each payment that it carried out; what came back before its debit is on an account of its own."""

ALLOCATED = Cause(
    kinds=(EntryKind.ALLOCATION,),
    table="clearing_bankentry",
    lines="""
        SELECT d.decided_at AS caused_at, 'pay_in' AS line, 'unallocated' AS debit, NULL::bigint AS debit_of,
               CASE WHEN o.is_operator THEN 'own_funds' ELSE 'available' END AS credit,
               CASE WHEN NOT o.is_operator THEN d.organisation_id END AS credit_of, b.amount_minor, b.currency
          FROM public.clearing_bankentry b JOIN public.clearing_bankallocation d ON d.bank_entry_id = b.id
          JOIN public.participants_organisation o ON o.id = d.organisation_id
         WHERE b.public_id = e.cause AND e.reference = 'allocation:' || b.public_id
           AND e.organisation_id = d.organisation_id AND b.match = 'unallocated' AND b.direction = 'credit'
    """,
)

RECOVERED = Cause(
    kinds=(EntryKind.RECOVERY,),
    table="clearing_bankentry",
    lines="""
        SELECT coalesce(d.decided_at, s.imported_at) AS caused_at, 'recovered' AS line, 'available' AS debit,
               e.organisation_id AS debit_of, 'claim' AS credit, e.organisation_id AS credit_of,
               (SELECT sum(p.amount_minor) FROM public.clearing_posting p WHERE p.entry_id = e.id AND p.amount_minor > 0)
                AS amount_minor, b.currency
          FROM public.clearing_bankentry b JOIN public.clearing_bankstatement s ON s.id = b.statement_id
          LEFT JOIN public.clearing_bankallocation d ON d.bank_entry_id = b.id
         WHERE b.public_id = e.cause AND e.reference = 'recovery:' || b.public_id
           AND e.organisation_id = CASE b.match WHEN 'pay_in' THEN b.organisation_id ELSE d.organisation_id END
    """,
    when_posted="EXISTS (SELECT FROM public.participants_organisation o"
    " WHERE o.id = e.organisation_id AND o.state <> 'active')",
)
"""How much is collected the balances say: of the claim, no more than it is, from what is available."""

EXPLAINED = Cause(
    kinds=(EntryKind.DEBIT,),
    table="clearing_bankentry",
    lines="""
        SELECT d.decided_at AS caused_at, v.line, v.account AS debit, NULL::bigint AS debit_of, 'unexplained' AS credit,
               NULL::bigint AS credit_of, b.amount_minor, b.currency
          FROM public.clearing_bankentry b JOIN public.clearing_debitbooking d ON d.bank_entry_id = b.id
          JOIN (VALUES ('bank_fee', 'bank_fee', 'bank_charges'), ('reclaimed', 'reclaimed', 'bank_receivable'),
                       ('paid_twice', 'paid_twice', 'payee_receivable')) AS v(booked_as, line, account)
            ON v.booked_as = d.booked_as
         WHERE b.public_id = e.cause AND e.reference = 'debit:' || b.public_id
           AND e.organisation_id IS NOT DISTINCT FROM d.organisation_id
           AND (b.match, b.direction) = ('unallocated', 'debit')
    """,
)

RECOUPED = Cause(
    kinds=(EntryKind.RECOUPMENT,),
    table="clearing_bankentry",
    lines="""
        SELECT s.imported_at AS caused_at, 'recouped' AS line, 'bank_client' AS debit, NULL::bigint AS debit_of,
               'payee_receivable' AS credit, NULL::bigint AS credit_of, b.amount_minor, b.currency
          FROM public.clearing_bankentry b JOIN public.clearing_bankstatement s ON s.id = b.statement_id
         WHERE b.public_id = e.cause AND e.reference = 'bank:' || b.public_id
           AND e.organisation_id IS NOT DISTINCT FROM b.organisation_id
           AND (b.match, b.direction) = ('recouped', 'credit')
        UNION ALL
        SELECT r.decided_at, 'recouped', 'unallocated', NULL,
               CASE d.booked_as WHEN 'reclaimed' THEN 'bank_receivable' WHEN 'paid_twice' THEN 'payee_receivable' END,
               NULL, b.amount_minor, b.currency
          FROM public.clearing_bankentry b JOIN public.clearing_recoupment r ON r.bank_entry_id = b.id
          JOIN public.clearing_debitbooking d ON d.id = r.debit_id
         WHERE b.public_id = e.cause AND e.reference = 'recoupment:' || b.public_id
           AND e.organisation_id IS NOT DISTINCT FROM d.organisation_id
           AND (b.match, b.direction) = ('unallocated', 'credit')
    """,
)
"""The return of a reclaimed debit: recognised in a statement, or a receipt in suspense that two people attributed."""

OF_BANK = (BOOKED, ALLOCATED, RECOVERED, EXPLAINED, RECOUPED)
