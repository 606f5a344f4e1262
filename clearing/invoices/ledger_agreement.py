"""Compares the figures of a cycle's documents with the lines of its journal entries, participant by participant.

Both follow from obligations by ways of their own: documents gross and one by one, entries from net positions. Deferred
fees stand in the entries of two cycles and on the document of the first alone, so the second is counted here beside
its documents.
"""

from __future__ import annotations

from ..ledger.states import EntryKind, LineKind
from ..trades.obligation_kinds import Document
from ..trades.states import ObligationKind

_PURCHASE, _FEE, _FEE_REFUND = Document.PURCHASE, Document.FEE, Document.FEE_REFUND

STATED = f"""
    SELECT cycle_id, recipient_id AS party, '{LineKind.PURCHASES}' AS line, total_minor AS minor
      FROM clearing_invoice WHERE purpose = '{_PURCHASE}' AND replaces_id IS NULL
    UNION ALL SELECT cycle_id, coalesce(supplier_id, issuer_id), '{LineKind.SALES}', total_minor
      FROM clearing_invoice WHERE purpose = '{_PURCHASE}' AND replaces_id IS NULL
    UNION ALL SELECT i.cycle_id, i.recipient_id, line.kind, line.minor
      FROM clearing_invoice i CROSS JOIN LATERAL (VALUES
            (CASE i.purpose WHEN '{_FEE}' THEN '{LineKind.FEES}' ELSE '{LineKind.FEE_REFUNDS}' END, i.net_minor),
            (CASE i.purpose WHEN '{_FEE}' THEN '{LineKind.FEE_TAX}' ELSE '{LineKind.FEE_REFUND_TAX}' END, i.tax_minor)
           ) AS line(kind, minor)
     WHERE i.purpose IN ('{_FEE}', '{_FEE_REFUND}') AND i.replaces_id IS NULL
    UNION ALL SELECT cycle_id, debtor_id, '{LineKind.FEES}', amount_minor + tax_minor
      FROM clearing_obligation WHERE kind = '{ObligationKind.FEE}' AND deferred_from_id IS NOT NULL
"""  # noqa: S608  our own words
"""What documents state, as lines of entries."""

_LINES = (
    LineKind.PURCHASES, LineKind.SALES, LineKind.FEES, LineKind.FEE_TAX, LineKind.FEE_REFUNDS,
    LineKind.FEE_REFUND_TAX,
)  # fmt: skip

POSTED = f"""
    SELECT e.cycle_id, e.organisation_id AS party, p.line, p.amount_minor AS minor
      FROM clearing_entry e JOIN clearing_posting p ON p.entry_id = e.id
     WHERE e.kind = '{EntryKind.CYCLE}' AND p.amount_minor > 0
       AND p.line IN ({", ".join(f"'{line}'" for line in _LINES)})
"""  # noqa: S608  our own words
"""The same lines as they were posted, each once, by its debit."""

DIFFERENCES = f"""
    WITH stated AS (SELECT cycle_id, party, line, sum(minor) AS minor FROM ({STATED}) s GROUP BY 1, 2, 3),
         posted AS (SELECT cycle_id, party, line, sum(minor) AS minor FROM ({POSTED}) p GROUP BY 1, 2, 3)
    SELECT c.business_key, party AS organisation, line, stated.minor AS stated, posted.minor AS posted
      FROM stated FULL JOIN posted USING (cycle_id, party, line) JOIN clearing_cycle c ON c.id = cycle_id
     WHERE c.state IN ('settling', 'settled', 'partial') AND coalesce(stated.minor, 0) <> coalesce(posted.minor, 0)
    UNION ALL
    SELECT i.number, i.recipient_id, 'document', i.total_minor, (i.document ->> 'total_minor')::numeric
      FROM clearing_invoice i CROSS JOIN LATERAL (
            SELECT sum((t ->> 'net_minor')::numeric) AS net, sum((t ->> 'tax_minor')::numeric) AS tax
              FROM jsonb_array_elements(i.document -> 'totals') t) totals
     WHERE (i.net_minor, i.tax_minor, i.total_minor)
           IS DISTINCT FROM (totals.net, totals.tax, (i.document ->> 'total_minor')::numeric)
        OR i.net_minor <> (SELECT sum((l ->> 'amount_minor')::numeric) FROM jsonb_array_elements(i.document -> 'lines') l)
"""  # noqa: S608  our own words
"""Cycles whose documents and entries differ, and documents whose text differs from its own figures."""
