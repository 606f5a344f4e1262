"""Writes invoices, numbered in the series of their issuer, and emits them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Max

from marketplace.events.schemas.clearing import InvoiceIssued
from marketplace.events.services import emit_all
from marketplace.kernel import clock
from marketplace.participants.queries import OrganisationView, organisations_by_id

from ...cycles.models import Cycle
from ...ground.parties import party_key, party_of
from ...trades.models import Obligation
from ..document import InvoiceLine, invoice_document, kind_of
from ..models import Invoice
from ..rendering import request_invoice_pdf
from ..states import InvoicePurpose

SEQUENCE_DIGITS = 6


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
    obligation: Obligation | None = None
    supply_class: str | None = None
    withheld_minor: int = 0
    purchase_order: str = ""
    totals: dict[int, tuple[int, int]] = field(default_factory=dict)


def issue(cycle: Cycle, drafts: Sequence[Draft]) -> None:
    """Number the drafts in order, write them in one statement, have large ones rendered, and emit each."""
    views = organisations_by_id(
        key for draft in drafts for key in (draft.issuer_id, draft.recipient_id, draft.supplier_id) if key
    )
    sequences = last_sequences({draft.issuer_id for draft in drafts})
    today = clock.today()
    invoices = []
    for draft in drafts:
        sequences[draft.issuer_id] = sequences.get(draft.issuer_id, 0) + 1
        invoices.append(_invoice(cycle, draft, views, sequences[draft.issuer_id], today))
    for invoice in Invoice.objects.bulk_create(invoices):
        request_invoice_pdf(invoice, views[invoice.recipient_id].public_id)
    emit_issued(invoices, views)


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
    rows = (
        Invoice.objects.filter(issuer_id__in=list(issuers)).values("issuer_id").annotate(last=Max("sequence"))
    )
    return {row["issuer_id"]: row["last"] for row in rows}


def number_of(issuer: OrganisationView, sequence: int) -> str:
    """The printed number: ``<corporate number>-000001``."""
    return f"{party_key(issuer)}-{sequence:0{SEQUENCE_DIGITS}d}"


def _invoice(
    cycle: Cycle, draft: Draft, views: dict[int, OrganisationView], sequence: int, today: date
) -> Invoice:
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
    return Invoice(
        purpose=draft.purpose,
        kind=kind,
        issuer_id=draft.issuer_id,
        recipient_id=draft.recipient_id,
        supplier_id=draft.supplier_id,
        sequence=sequence,
        number=number,
        cycle=cycle,
        obligation=draft.obligation,
        purchase_order=draft.purchase_order,
        issued_on=today,
        currency=cycle.currency,
        net_minor=sum(net for net, _ in draft.totals.values()),
        tax_minor=sum(tax for _, tax in draft.totals.values()),
        total_minor=document["total_minor"],
        document=document,
    )
