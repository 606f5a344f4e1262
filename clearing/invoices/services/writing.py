"""Writes invoices, numbered in the series of their issuer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from marketplace.events.schemas.invoices import InvoiceIssued
from marketplace.events.services import emit_all
from marketplace.kernel import clock
from marketplace.kernel.identifiers import new_identifiers
from marketplace.participants.queries import OrganisationView, organisations_by_id

from ...cycles.models import Cycle
from ...ground.bulk import copy_columns
from ...ground.parties import party_key, party_of
from ..document import InvoiceLine, invoice_document, kind_of
from ..models import Invoice
from ..rendering import request_issued_pdf
from ..states import InvoicePurpose

SEQUENCE_DIGITS = 6

_LAST_SEQUENCES = """
    SELECT issuer.id, last.sequence FROM unnest(%s::bigint[]) AS issuer(id)
     CROSS JOIN LATERAL (SELECT sequence FROM clearing_invoice WHERE issuer_id = issuer.id
                          ORDER BY sequence DESC LIMIT 1) last
"""
"""One row of the index for each issuer, however many invoices it has."""

_COLUMNS = {
    "public_id": "text",
    "purpose": "text",
    "kind": "text",
    "issuer_id": "bigint",
    "recipient_id": "bigint",
    "supplier_id": "bigint",
    "sequence": "integer",
    "number": "text",
    "cycle_id": "bigint",
    "obligation_id": "bigint",
    "purchase_order": "text",
    "issued_on": "date",
    "currency": "text",
    "net_minor": "bigint",
    "tax_minor": "bigint",
    "total_minor": "bigint",
    "document": "jsonb",
}
"""The columns of an invoice that is issued first, with their types."""

_AS_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(slots=True)
class Draft:
    """An invoice to be issued: purpose, parties and lines.

    ``supplier_id`` is set if the issuer is an intermediary; ``supply_class`` says how the supply is taxed,
    ``withheld_minor`` what the recipient withholds as income tax.
    """

    purpose: InvoicePurpose
    issuer_id: int
    recipient_id: int
    lines: list[InvoiceLine]
    supplier_id: int | None = None
    returns: bool = False
    obligation_id: int | None = None
    supply_class: str | None = None
    withheld_minor: int = 0
    purchase_order: str = ""
    totals: dict[int, tuple[int, int]] = field(default_factory=dict)


def issue(cycle: Cycle, drafts: Sequence[Draft]) -> None:
    """Number the drafts in order, write them in one statement, and have large ones rendered.

    The caller holds ``INVOICE_NUMBER_LOCK``. Takes the same few queries for any number of drafts.
    """
    views = organisations_by_id(
        key for draft in drafts for key in (draft.issuer_id, draft.recipient_id, draft.supplier_id) if key
    )
    sequences = last_sequences({draft.issuer_id for draft in drafts})
    today = clock.today()
    public_ids = new_identifiers("inv", len(drafts))
    rows = []
    for public_id, draft in zip(public_ids, drafts, strict=True):
        sequences[draft.issuer_id] = sequences.get(draft.issuer_id, 0) + 1
        rows.append(_row(cycle, draft, public_id, views, sequences[draft.issuer_id], today))
    columns = zip(*rows, strict=True)
    copy_columns(
        "clearing_invoice",
        {name: (kind, values) for (name, kind), values in zip(_COLUMNS.items(), columns, strict=True)},
    )
    for public_id, draft, row in zip(public_ids, drafts, rows, strict=True):
        if len(draft.lines) > 1:  # An invoice of one line is never large.
            recipient = views[draft.recipient_id].public_id
            request_issued_pdf(public_id, row[-1].obj, recipient)


def emit_issued(invoices: Iterable[Invoice], views: dict[int, OrganisationView]) -> None:
    """Emit invoice.issued for each."""
    emit_all(
        [
            InvoiceIssued(
                invoice=invoice.public_id,
                issuer=views[invoice.issuer_id].public_id,
                recipient=views[invoice.recipient_id].public_id,
                number=invoice.number,
                supplier=views[invoice.supplier_id].public_id if invoice.supplier_id else None,
            )
            for invoice in invoices
        ]
    )


def last_sequences(issuers: Iterable[int]) -> dict[int, int]:
    """The last number of each issuer that has invoices."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_SEQUENCES, [list(issuers)])
        return dict(cursor.fetchall())


def number_of(issuer: OrganisationView, sequence: int) -> str:
    """The printed number: ``<corporate number>-000001``."""
    return f"{party_key(issuer)}-{sequence:0{SEQUENCE_DIGITS}d}"


def _row(
    cycle: Cycle,
    draft: Draft,
    public_id: str,
    views: dict[int, OrganisationView],
    sequence: int,
    today: date,
) -> tuple[Any, ...]:
    """The ``_COLUMNS`` of an invoice."""
    issuer = party_of(views[draft.issuer_id])
    number = number_of(views[draft.issuer_id], sequence)
    kind = kind_of(issuer, returns=draft.returns)
    document = invoice_document(
        number=number,
        kind=kind,
        issued_on=today,
        issuer=issuer,
        recipient=party_of(views[draft.recipient_id]),
        supplier=party_of(views[draft.supplier_id]) if draft.supplier_id else None,
        currency=cycle.currency,
        cycle=cycle.business_key,
        lines=draft.lines,
        totals=draft.totals,
        supply_class=draft.supply_class,
        withheld_minor=draft.withheld_minor,
        purchase_order=draft.purchase_order or None,
    )
    return (
        public_id,
        draft.purpose.value,
        kind.value,
        draft.issuer_id,
        draft.recipient_id,
        draft.supplier_id,
        sequence,
        number,
        cycle.pk,
        draft.obligation_id,
        draft.purchase_order,
        today,
        cycle.currency,
        sum(net for net, _ in draft.totals.values()),
        sum(tax for _, tax in draft.totals.values()),
        document["total_minor"],
        Jsonb(document, _AS_JSON),
    )
