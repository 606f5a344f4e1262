"""Journal entries that follow from net positions: the clearing of a cycle, one entry a participant."""

from __future__ import annotations

from marketplace.kernel.guards import sql_list

from ..ledger.causes import Cause
from ..ledger.chart import PARTICIPANT_KINDS
from ..ledger.states import EntryKind
from ..shortfalls.queries import FEES_PUT_OFF
from .posting_plan import planned_lines


def _owner(account: str) -> str:
    return f"CASE WHEN v.{account} IN ({sql_list(PARTICIPANT_KINDS)}) THEN n.organisation_id END"


_RECOVERED = """
    SELECT p.amount_minor FROM public.clearing_posting p
     WHERE p.entry_id = e.id AND p.line = 'recovered' AND p.amount_minor > 0
"""

_COVERED = """
    SELECT sum(p.amount_minor) FROM public.clearing_entry s JOIN public.clearing_posting p ON p.entry_id = s.id
     WHERE s.cycle_id = n.cycle_id AND s.organisation_id = n.organisation_id AND s.kind = 'cover' AND p.amount_minor > 0
"""

CLEARED = Cause(
    kinds=(EntryKind.CYCLE,),
    table="clearing_netposition",
    lines=f"""
        SELECT c.netted_at AS caused_at, v.line, v.debit, {_owner("debit")} AS debit_of, v.credit,
               {_owner("credit")} AS credit_of, v.amount_minor, n.currency
          FROM public.clearing_netposition n
          JOIN public.clearing_cycle c ON c.id = n.cycle_id AND c.netted_at IS NOT NULL
          JOIN public.participants_organisation o ON o.id = n.organisation_id
         CROSS JOIN LATERAL (SELECT coalesce(({_RECOVERED}), 0) AS claim_minor) collected
         CROSS JOIN LATERAL (
            SELECT line, debit, credit, amount_minor FROM ({planned_lines(lambda kind: f"'{kind}'")}) planned
             WHERE NOT o.is_operator
            UNION ALL
            SELECT own.* FROM ({FEES_PUT_OFF.format(cycle="n.cycle_id")}) put_off
             CROSS JOIN LATERAL (VALUES
                ('fees_collected', 'fee_revenue', 'fees_receivable', collected_minor),
                ('awaited', 'fees_receivable', 'settlement', -n.deferred_minor),
                ('bad_fees_collected', 'fees_receivable', 'write_off', bad_minor)
             ) AS own(line, debit, credit, amount_minor)
             WHERE o.is_operator AND own.amount_minor <> 0) v
         WHERE n.public_id = e.cause AND e.reference = 'cycle:' || n.public_id
           AND n.cycle_id = e.cycle_id AND n.organisation_id = e.organisation_id
           AND (v.line <> 'covered' OR v.amount_minor = ({_COVERED}))
    """,  # noqa: S608  our own words
)
"""How much of an earlier claim is collected the balances say: no more than the claim, nor than what is left."""
