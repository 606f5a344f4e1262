"""Invariants of invoices and intermediary notices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from marketplace.kernel.guards import sql_list
from marketplace.kernel.invariants import Invariant, by_query

from ..trades.obligation_kinds import (
    AGGREGATED_DOCUMENTS,
    KINDS_OF_DOCUMENT,
    OBLIGATION_DOCUMENTS,
    Document,
)
from .ledger_agreement import DIFFERENCES
from .stated_tax import wrongly_taxed


def _kinds_of(documents: Iterable[Document]) -> str:
    return ", ".join(sql_list(KINDS_OF_DOCUMENT[document]) for document in documents)


def _by_kind(values: Mapping[Document, str]) -> str:
    """A CASE over the kind of the obligation ``o``: the value of the document that lists it."""
    cases = (f"WHEN o.kind IN ({_kinds_of([document])}) THEN {value}" for document, value in values.items())
    return f"CASE {' '.join(cases)} END"


_BY_OBLIGATION, _BY_PARTICIPANT = _kinds_of(OBLIGATION_DOCUMENTS), _kinds_of(AGGREGATED_DOCUMENTS)
_DOCUMENT = _by_kind({document: f"'{document}'" for document in AGGREGATED_DOCUMENTS})
_PARTICIPANT = _by_kind({document: f"o.{column}" for document, column in AGGREGATED_DOCUMENTS.items()})

Invariant(
    name="clearing.invoices_gross_and_gapless",
    promise=7,
    statement=(
        "An issuer's invoices are numbered without a gap; each sale and each correction in a settling cycle has one"
        " invoice, and so have each participant's fees and fee refunds; penalties, shares and deferrals have none."
    ),
    guards=(
        "clearing_invoice.numbers_without_gap",
        "clearing_invoice.invoice_sequence_once",
        "clearing_invoice.invoice_of_fees_once",
        "clearing_invoice.invoice_of_obligation_once",
        "clearing_invoice.invoice_of_what",
        "clearing_invoice.invoice_total",
        "clearing_invoice.append_only",
    ),
    test="tests/clearing/invoices/test_guards.py::test_a_gap_in_invoice_numbers_is_refused",
    check=by_query(
        "SELECT issuer_id::text AS subject, count(*) AS found, max(sequence)::bigint AS wanted FROM clearing_invoice"  # noqa: S608  our own words
        " GROUP BY issuer_id HAVING count(*) <> max(sequence)"
        " UNION ALL SELECT c.business_key, count(i.id), count(o.id) FILTER (WHERE o.deferred_from_id IS NULL"
        f"   AND o.kind IN ({_BY_OBLIGATION})) FROM clearing_cycle c"
        f"  JOIN clearing_obligation o ON o.cycle_id = c.id AND o.kind NOT IN ({_BY_PARTICIPANT})"
        "  LEFT JOIN clearing_invoice i ON i.obligation_id = o.id AND i.replaces_id IS NULL"
        "  WHERE c.state IN ('settling', 'settled', 'partial') GROUP BY c.id"
        "  HAVING count(i.id) <> count(o.id) FILTER (WHERE o.deferred_from_id IS NULL"
        f"   AND o.kind IN ({_BY_OBLIGATION}))"
        " UNION ALL SELECT owed.business_key, count(i.id), 1 FROM ("
        f"   SELECT DISTINCT c.id, c.business_key, {_DOCUMENT} AS document, {_PARTICIPANT} AS party"
        "      FROM clearing_cycle c"
        f"     JOIN clearing_obligation o ON o.cycle_id = c.id AND o.kind IN ({_BY_PARTICIPANT})"
        "      AND o.amount_minor > 0 AND o.deferred_from_id IS NULL"
        "    WHERE c.state IN ('settling', 'settled', 'partial')) owed"
        "  LEFT JOIN clearing_invoice i ON i.cycle_id = owed.id AND i.purpose = owed.document"
        "   AND i.recipient_id = owed.party AND i.replaces_id IS NULL"
        "  GROUP BY owed.business_key, owed.document, owed.party HAVING count(i.id) <> 1"
    ),
)
Invariant(
    name="clearing.invoices_state_published_tax",
    promise=6,
    statement=(
        "An invoice states the amount and the tax of its supplies, and every rate on it was published in a rulebook."
    ),
    guards=("clearing_invoice.taxed_as_published", "clearing_invoice.append_only"),
    test="tests/clearing/invoices/test_guards.py::test_an_invoice_at_a_rate_that_was_never_published_is_refused",
    check=by_query(wrongly_taxed("clearing_invoice")),
)
Invariant(
    name="clearing.documents_agree_with_the_ledger",
    promise=1,
    statement=(
        "What the invoices of a settling cycle state for a participant, its purchases, sales, fees, refunded fees and their"
        " tax, is what the cycle's entry posted for it; the text of a document adds up to its figures."
    ),
    guards=(
        "clearing_invoice.invoice_total",
        "clearing_invoice.append_only",
        "clearing_entry.append_only",
        "clearing_posting.append_only",
    ),
    test="tests/clearing/invoices/test_ledger_agreement.py::test_a_document_that_differs_from_the_ledger_is_named",
    check=by_query(DIFFERENCES),
)
Invariant(
    name="clearing.corrected_invoices_keep_amounts",
    promise=6,
    statement="An invoice is replaced at most once, with a reason, by one with the same parties and amounts.",
    guards=(
        "clearing_invoice.corrected_alike",
        "clearing_invoice.invoice_corrected_why",
        "clearing_invoice.clearing_invoice_replaces_id_key",
        "clearing_invoice.append_only",
    ),
    test="tests/clearing/invoices/test_guards.py::test_a_corrected_invoice_of_other_amounts_is_refused",
    check=by_query(
        "SELECT i.number, r.number AS replaced FROM clearing_invoice i JOIN clearing_invoice r ON r.id = i.replaces_id"
        " WHERE (i.issuer_id, i.recipient_id, i.supplier_id, i.net_minor, i.tax_minor, i.obligation_id)"
        "  IS DISTINCT FROM (r.issuer_id, r.recipient_id, r.supplier_id, r.net_minor, r.tax_minor, r.obligation_id)"
        "  OR i.document->'totals' <> r.document->'totals' OR i.id < r.id"
    ),
)
Invariant(
    name="clearing.intermediary_as_notified",
    promise=6,
    statement=(
        "An intermediary issues the invoice of a sale only under a notice of the seller that was in force when the sale"
        " was accepted; notices are never retroactive."
    ),
    guards=(
        "clearing_invoice.invoice_of_intermediary",
        "clearing_intermediarynotice.intermediary_notice_forward",
        "clearing_intermediarynotice.withdrawn_by_its_giver",
        "clearing_intermediarynotice.clearing_intermediarynotice_withdraws_id_key",
        "clearing_intermediarynotice.append_only",
    ),
    test="tests/clearing/invoices/test_guards.py::test_a_notice_that_reaches_back_is_refused",
    check=by_query(
        "SELECT i.number FROM clearing_invoice i JOIN clearing_obligation o ON o.id = i.obligation_id"
        " JOIN clearing_trade t ON t.id = o.trade_id WHERE i.purpose = 'purchase'"
        " AND ((i.supplier_id IS NULL) <> (i.issuer_id = t.seller_id)"
        "  OR i.supplier_id IS NOT NULL AND (i.supplier_id <> t.seller_id OR NOT EXISTS ("
        "   SELECT FROM clearing_intermediarynotice n WHERE n.organisation_id = t.seller_id"
        "    AND n.withdraws_id IS NULL AND n.stated_at <= t.accepted_at)))"
    ),
)
